#include "drivers/xen/backend_statistics.h"

#include <algorithm>
#include <filesystem>
#include <string>
#include <system_error>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "util/files.h"

namespace reeve::xen {
namespace {

constexpr uint64_t kSectorBytes = 512;  // xen-blkback counts in these, whatever the disk's are

uint64_t Count(const std::string& path) {
  const absl::StatusOr<std::string> text = util::ReadFile(path);
  uint64_t count = 0;
  if (!text.ok() || !absl::SimpleAtoi(absl::StripAsciiWhitespace(*text), &count)) return 0;
  return count;
}

// The numbers behind `prefix` in the names of a directory, rising.
std::vector<uint32_t> NumbersIn(const std::string& directory, const std::string& prefix) {
  std::vector<uint32_t> numbers;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename();
    uint32_t number = 0;
    if (name.rfind(prefix, 0) == 0 && absl::SimpleAtoi(name.substr(prefix.size()), &number)) numbers.push_back(number);
  }
  std::sort(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

void AddBackendStatistics(const std::string& sysfs, uint32_t domid, const v1::DomainSpec& spec,
                          v1::DomainStatistics* statistics) {
  const std::string disks = absl::StrCat(sysfs, "/bus/xen-backend/devices");
  const std::string disk_prefix = absl::StrCat("vbd-", domid, "-");
  for (const uint32_t number : NumbersIn(disks, disk_prefix)) {
    const std::string folder = absl::StrCat(disks, "/", disk_prefix, number, "/statistics/");
    v1::BlockStatistics& block = *statistics->add_blocks();
    for (const v1::Disk& disk : spec.devices().disks()) {
      if (VirtualDiskNumber(disk.target_device()) != number) continue;
      block.set_target(disk.target_device());
      block.set_device(disk.source());
    }
    block.set_read_bytes(Count(folder + "rd_sect") * kSectorBytes);
    block.set_write_bytes(Count(folder + "wr_sect") * kSectorBytes);
    block.set_read_requests(Count(folder + "rd_req"));
    block.set_write_requests(Count(folder + "wr_req"));
  }
  const std::string links = absl::StrCat(sysfs, "/class/net");
  const std::string link_prefix = absl::StrCat("vif", domid, ".");
  for (const uint32_t number : NumbersIn(links, link_prefix)) {
    const std::string name = absl::StrCat(link_prefix, number);
    const std::string folder = absl::StrCat(links, "/", name, "/statistics/");
    v1::InterfaceStatistics& interface = *statistics->add_interfaces();
    interface.set_name(name);
    if (number < static_cast<uint32_t>(spec.devices().interfaces_size())) {
      interface.set_mac_address(spec.devices().interfaces(static_cast<int>(number)).mac_address());
    }
    interface.set_receive_bytes(Count(folder + "tx_bytes"));
    interface.set_receive_packets(Count(folder + "tx_packets"));
    interface.set_receive_errors(Count(folder + "tx_errors"));
    interface.set_receive_drops(Count(folder + "tx_dropped"));
    interface.set_send_bytes(Count(folder + "rx_bytes"));
    interface.set_send_packets(Count(folder + "rx_packets"));
    interface.set_send_errors(Count(folder + "rx_errors"));
    interface.set_send_drops(Count(folder + "rx_dropped"));
  }
}

// xen-vbd-interface(7): xvda is 202 << 8, sixteen numbers a disk; from the seventeenth on (xvdq) 1 << 28 | disk << 8.
uint32_t VirtualDiskNumber(absl::string_view target) {
  uint32_t major = 202;
  uint32_t per_disk = 16;
  absl::string_view letters = target;
  if (letters.size() > 3 && letters.substr(0, 3) == "xvd") {
    letters.remove_prefix(3);
  } else if (letters.size() == 3 && letters.substr(0, 2) == "sd") {
    letters.remove_prefix(2);
    major = 8;
  } else if (letters.size() == 3 && letters.substr(0, 2) == "hd" && letters[2] >= 'a' && letters[2] <= 'd') {
    const uint32_t disk = static_cast<uint32_t>(letters[2] - 'a');
    return (disk < 2 ? 3u << 8 : 22u << 8) | (disk % 2) << 6;
  } else {
    return 0;
  }
  uint32_t disk = 0;
  for (const char letter : letters) {
    if (letter < 'a' || letter > 'z' || disk > 4096) return 0;
    disk = disk * 26 + static_cast<uint32_t>(letter - 'a') + 1;
  }
  --disk;
  if (major == 202 && disk >= 16) return 1u << 28 | disk << 8;
  return major << 8 | disk * per_disk;
}

}  // namespace reeve::xen

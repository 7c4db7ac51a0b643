#include "drivers/xen/backend_statistics.h"

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <string>

#include "absl/strings/str_cat.h"

namespace reeve::xen {
namespace {

TEST_CASE("Disks have the numbers of xen-vbd-interface(7)") {
  CHECK(VirtualDiskNumber("xvda") == 51712);
  CHECK(VirtualDiskNumber("xvdp") == 51712 + 15 * 16);
  CHECK(VirtualDiskNumber("xvdq") == (1u << 28 | 16u << 8));
  CHECK(VirtualDiskNumber("xvdaa") == (1u << 28 | 26u << 8));
  CHECK(VirtualDiskNumber("hda") == 768);
  CHECK(VirtualDiskNumber("hdc") == 5632);
  CHECK(VirtualDiskNumber("hdd") == 5632 + 64);
  CHECK(VirtualDiskNumber("sdb") == 2064);
  for (const char* none : {"", "xvd", "xvdA", "hde", "vda", "sd", "xvdzzzzzzzz"}) CHECK(VirtualDiskNumber(none) == 0);
}

TEST_CASE("What the kernel counts is told with the names of the definition") {
  const std::filesystem::path sysfs = std::filesystem::temp_directory_path() / absl::StrCat("reeve-sysfs-", getpid());
  const auto write = [&](const std::string& path, const std::string& text) {
    std::filesystem::create_directories((sysfs / path).parent_path());
    std::ofstream(sysfs / path) << text << "\n";
  };
  for (const auto& [name, number] :
       {std::pair{"rd_sect", "8"}, std::pair{"wr_sect", "4"}, std::pair{"rd_req", "3"}, std::pair{"wr_req", "2"}}) {
    write(absl::StrCat("bus/xen-backend/devices/vbd-7-51728/statistics/", name), number);
    write(absl::StrCat("bus/xen-backend/devices/vbd-77-51728/statistics/", name), "99");  // of another guest
  }
  write("class/net/vif7.1/statistics/tx_bytes", "1000");
  write("class/net/vif7.1/statistics/rx_bytes", "500");
  write("class/net/vif7.1/statistics/rx_dropped", "not a number");
  v1::DomainSpec spec;
  v1::Disk& disk = *spec.mutable_devices()->add_disks();
  disk.set_target_device("xvdb");
  disk.set_source("/dev/vg/data");
  spec.mutable_devices()->add_interfaces()->set_mac_address("00:16:3e:00:00:01");
  spec.mutable_devices()->add_interfaces()->set_mac_address("00:16:3e:00:00:02");

  v1::DomainStatistics statistics;
  AddBackendStatistics(sysfs.string(), 7, spec, &statistics);
  REQUIRE(statistics.blocks_size() == 1);
  CHECK(statistics.blocks(0).target() == "xvdb");
  CHECK(statistics.blocks(0).device() == "/dev/vg/data");
  CHECK(statistics.blocks(0).read_bytes() == 4096);
  CHECK(statistics.blocks(0).write_bytes() == 2048);
  CHECK(statistics.blocks(0).read_requests() == 3);
  CHECK(statistics.blocks(0).write_requests() == 2);
  REQUIRE(statistics.interfaces_size() == 1);
  CHECK(statistics.interfaces(0).name() == "vif7.1");
  CHECK(statistics.interfaces(0).mac_address() == "00:16:3e:00:00:02");
  CHECK(statistics.interfaces(0).receive_bytes() == 1000);
  CHECK(statistics.interfaces(0).send_bytes() == 500);
  CHECK(statistics.interfaces(0).send_drops() == 0);
  std::filesystem::remove_all(sysfs);
}

TEST_CASE("A host without back ends has nothing to tell") {
  v1::DomainStatistics statistics;
  AddBackendStatistics("/nowhere", 1, {}, &statistics);
  CHECK(statistics.ByteSizeLong() == 0);
}

}  // namespace
}  // namespace reeve::xen

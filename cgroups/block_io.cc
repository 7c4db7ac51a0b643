#include "cgroups/block_io.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cgroups/controller_file.h"

namespace reeve::cgroups {
namespace {

constexpr uint64_t kLeastWeight = 10;
constexpr uint64_t kMostWeight = 1000;

std::string Text(const BlockDevice& device) {
  return absl::StrCat(device.major, ":", device.minor);
}

bool ParseDevice(absl::string_view text, BlockDevice* device) {
  const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(text, absl::MaxSplits(':', 1));
  return absl::SimpleAtoi(parts.first, &device->major) && absl::SimpleAtoi(parts.second, &device->minor);
}

// A way to weigh: its files for the group and for one device. `scaled`: in v2's range.
struct Weigher {
  int version;
  absl::string_view group_file;
  absl::string_view device_file;
  bool scaled;
};
constexpr Weigher kWeighers[] = {
    {1, "blkio.weight", "blkio.weight_device", false},
    {1, "blkio.bfq.weight", "blkio.bfq.weight_device", false},
    {2, "io.bfq.weight", "io.bfq.weight", false},
    {2, "io.weight", "io.weight", true},
};

std::string WeightText(const Weigher& weigher, uint64_t weight) {
  return absl::StrCat(weigher.scaled ? IoWeightFromWeight(weight) : weight);
}

absl::Status CheckWeight(uint64_t weight) {
  if (weight >= kLeastWeight && weight <= kMostWeight) return absl::OkStatus();
  return absl::InvalidArgumentError(
      absl::StrCat("controller blkio: the weight ", weight, " is not between ", kLeastWeight, " and ", kMostWeight));
}

absl::Status NoWeigher(const ControllerFiles& files) {
  return absl::NotFoundError(
      absl::StrCat(files.Without("weights").message(), ": the kernel has neither BFQ nor another way to weigh"));
}

// "8:0 Read 4096" lines; what else there is ("Sync", "Total") is passed over.
absl::Status ReadV1(const ControllerFiles& files, absl::string_view file, uint64_t BlockUsage::*read,
                    uint64_t BlockUsage::*write, std::map<BlockDevice, BlockUsage>* usage) {
  absl::StatusOr<std::string> content = files.Read(file);
  if (!content.ok()) return content.status();
  for (absl::string_view line : absl::StrSplit(*content, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    BlockDevice device;
    uint64_t number = 0;
    if (fields.size() != 3 || !ParseDevice(fields[0], &device) || !absl::SimpleAtoi(fields[2], &number)) continue;
    if (number == 0) continue;
    if (fields[1] == "Read") (*usage)[device].*read = number;
    if (fields[1] == "Write") (*usage)[device].*write = number;
  }
  return absl::OkStatus();
}

// "8:0 rbytes=4096 wbytes=0 rios=1 wios=0 dbytes=0 dios=0" lines.
absl::Status ReadV2(const ControllerFiles& files, std::map<BlockDevice, BlockUsage>* usage) {
  absl::StatusOr<std::string> content = files.Read("io.stat");
  if (!content.ok()) return content.status();
  for (absl::string_view line : absl::StrSplit(*content, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ', absl::SkipEmpty());
    BlockDevice device;
    if (fields.empty() || !ParseDevice(fields[0], &device)) return files.Malformed("io.stat", line);
    BlockUsage& one = (*usage)[device];
    for (absl::string_view field : fields) {
      const std::pair<absl::string_view, absl::string_view> parts = absl::StrSplit(field, absl::MaxSplits('=', 1));
      uint64_t number = 0;
      if (!absl::SimpleAtoi(parts.second, &number)) continue;
      if (parts.first == "rbytes") one.read_bytes = number;
      if (parts.first == "wbytes") one.write_bytes = number;
      if (parts.first == "rios") one.read_operations = number;
      if (parts.first == "wios") one.write_operations = number;
    }
  }
  return absl::OkStatus();
}

}  // namespace

uint64_t IoWeightFromWeight(uint64_t weight) {
  const uint64_t bounded = std::clamp(weight, kLeastWeight, kMostWeight);
  return 1 + (bounded - kLeastWeight) * 9999 / (kMostWeight - kLeastWeight);
}

absl::Status SetBlockWeight(const Location& location, uint64_t weight) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kBlkio);
  if (!files.ok()) return files.status();
  if (absl::Status status = CheckWeight(weight); !status.ok()) return status;
  bool any = false;
  for (const Weigher& weigher : kWeighers) {
    if (weigher.version != files->version() || !files->Has(weigher.group_file)) continue;
    any = true;
    if (absl::Status status = files->Write(weigher.group_file, WeightText(weigher, weight)); !status.ok())
      return status;
  }
  return any ? absl::OkStatus() : NoWeigher(*files);
}

absl::Status SetBlockDeviceWeight(const Location& location, const BlockDevice& device, uint64_t weight) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kBlkio);
  if (!files.ok()) return files.status();
  if (weight != 0) {
    if (absl::Status status = CheckWeight(weight); !status.ok()) return status;
  }
  bool any = false;
  for (const Weigher& weigher : kWeighers) {
    if (weigher.version != files->version() || !files->Has(weigher.device_file)) continue;
    any = true;
    const std::string none = files->version() == 1 ? "0" : "default";
    const std::string value = weight == 0 ? none : WeightText(weigher, weight);
    absl::Status status = files->Write(weigher.device_file, absl::StrCat(Text(device), " ", value));
    if (!status.ok()) return status;
  }
  return any ? absl::OkStatus() : NoWeigher(*files);
}

absl::Status SetBlockLimits(const Location& location, const BlockDevice& device, const BlockLimits& limits) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kBlkio);
  if (!files.ok()) return files.status();
  struct Limit {
    absl::string_view v1_file;
    absl::string_view v2_key;
    const std::optional<uint64_t>& value;
  };
  std::string unified;
  for (const Limit& limit : {Limit{"blkio.throttle.read_bps_device", "rbps", limits.read_bytes},
                             Limit{"blkio.throttle.write_bps_device", "wbps", limits.write_bytes},
                             Limit{"blkio.throttle.read_iops_device", "riops", limits.read_operations},
                             Limit{"blkio.throttle.write_iops_device", "wiops", limits.write_operations}}) {
    if (!limit.value) continue;
    if (files->version() == 2) {
      absl::StrAppend(&unified, " ", limit.v2_key, "=", *limit.value == 0 ? "max" : absl::StrCat(*limit.value));
      continue;
    }
    absl::Status status = files->Write(limit.v1_file, absl::StrCat(Text(device), " ", *limit.value));
    if (!status.ok()) return status;
  }
  return unified.empty() ? absl::OkStatus() : files->Write("io.max", absl::StrCat(Text(device), unified));
}

absl::StatusOr<std::vector<BlockUsage>> ReadBlockUsage(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kBlkio);
  if (!files.ok()) return files.status();
  std::map<BlockDevice, BlockUsage> usage;
  absl::Status status;
  if (files->version() == 2) {
    status = ReadV2(*files, &usage);
  } else {
    status = ReadV1(*files, "blkio.throttle.io_service_bytes_recursive", &BlockUsage::read_bytes,
                    &BlockUsage::write_bytes, &usage);
    // Who has moved nothing has not asked either: most guests of many never touch a disk.
    if (status.ok() && !usage.empty()) {
      status = ReadV1(*files, "blkio.throttle.io_serviced_recursive", &BlockUsage::read_operations,
                      &BlockUsage::write_operations, &usage);
    }
  }
  if (!status.ok()) return status;
  std::vector<BlockUsage> result;
  for (auto& [device, one] : usage) {
    if (one.read_operations + one.write_operations + one.read_bytes + one.write_bytes == 0) continue;
    one.device = device;
    result.push_back(one);
  }
  return result;
}

}  // namespace reeve::cgroups

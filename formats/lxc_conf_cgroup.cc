// Limits of an lxc configuration: lxc.cgroup.*.
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "formats/lxc_conf_sections.h"
#include "formats/number_set.h"
#include "formats/text.h"

namespace reeve::formats {
namespace {

constexpr int64_t kMost = std::numeric_limits<int64_t>::max();
constexpr int64_t kMost32 = std::numeric_limits<uint32_t>::max();

// Sets the limit in KiB that a line gives; "-1" is none.
template <typename Set>
absl::Status ReadLimit(LxcConfLines* lines, absl::string_view key, absl::string_view field, Set set) {
  const LxcConfLine* line = lines->Take({key});
  if (line == nullptr || line->value == "-1") return absl::OkStatus();
  const auto bytes = LxcConfSize(*line, line->value);
  if (!bytes.ok()) return bytes.status();
  lines->Remember(field, *line);
  set(*bytes / 1024);
  return absl::OkStatus();
}

absl::Status ReadMemory(LxcConfLines* lines, v1::DomainSpec* spec) {
  absl::Status status = ReadLimit(lines, "lxc.cgroup.memory.limit_in_bytes", "spec.memory", [spec](uint64_t kib) {
    spec->set_memory_kib(kib);
    spec->set_current_memory_kib(kib);
    spec->mutable_memory_tuning()->set_hard_limit_kib(kib);
  });
  if (!status.ok()) return status;
  status = ReadLimit(lines, "lxc.cgroup.memory.soft_limit_in_bytes", "spec.memory_tuning.soft_limit_kib",
                     [spec](uint64_t kib) { spec->mutable_memory_tuning()->set_soft_limit_kib(kib); });
  if (!status.ok()) return status;
  return ReadLimit(lines, "lxc.cgroup.memory.memsw.limit_in_bytes", "spec.memory_tuning.swap_hard_limit_kib",
                   [spec](uint64_t kib) { spec->mutable_memory_tuning()->set_swap_hard_limit_kib(kib); });
}

template <typename Set>
absl::Status ReadNumber(LxcConfLines* lines, absl::string_view key, absl::string_view field, int64_t least,
                        int64_t most, Set set) {
  const LxcConfLine* line = lines->Take({key});
  if (line == nullptr) return absl::OkStatus();
  const auto number = LxcConfNumber(*line, line->value, least, most);
  if (!number.ok()) return number.status();
  lines->Remember(field, *line);
  set(*number);
  return absl::OkStatus();
}

absl::Status ReadCpu(LxcConfLines* lines, v1::DomainSpec* spec) {
  absl::Status status = ReadNumber(lines, "lxc.cgroup.cpu.shares", "spec.cpu_tuning.shares", 0, kMost,
                                   [spec](int64_t n) { spec->mutable_cpu_tuning()->set_shares(n); });
  if (!status.ok()) return status;
  status = ReadNumber(lines, "lxc.cgroup.cpu.cfs_quota_us", "spec.cpu_tuning.quota_us", -kMost, kMost,
                      [spec](int64_t n) { spec->mutable_cpu_tuning()->set_quota_us(n); });
  if (!status.ok()) return status;
  return ReadNumber(lines, "lxc.cgroup.cpu.cfs_period_us", "spec.cpu_tuning.period_us", 0, kMost,
                    [spec](int64_t n) { spec->mutable_cpu_tuning()->set_period_us(n); });
}

absl::Status ReadCpuSets(LxcConfLines* lines, v1::DomainSpec* spec) {
  if (const LxcConfLine* line = lines->Take({"lxc.cgroup.cpuset.cpus"})) {
    const auto cpus = ParseNumberSet(line->value);
    if (!cpus) return LxcConfError(*line, absl::StrCat("has '", Printable(line->value), "', not a set of CPUs"));
    spec->mutable_cpu_placement()->set_cpuset(FormatNumberSet(*cpus));
  }
  if (const LxcConfLine* line = lines->Take({"lxc.cgroup.cpuset.mems"})) {
    const auto nodes = ParseNumberSet(line->value);
    if (!nodes) {
      return LxcConfError(*line, absl::StrCat("has '", Printable(line->value), "', not a set of memory nodes"));
    }
    spec->mutable_numa_tuning()->set_mode("strict");
    spec->mutable_numa_tuning()->set_nodeset(FormatNumberSet(*nodes));
  }
  return absl::OkStatus();
}

// The device "MAJOR:MINOR" of a limit, new or known.
v1::BlockDeviceTuning* FindDevice(LxcConfLines* lines, const LxcConfLine& line, absl::string_view device,
                                  std::map<std::string, int>* known, v1::BlockIoTuning* tuning) {
  const std::vector<absl::string_view> numbers = absl::StrSplit(device, ':');
  uint32_t major = 0;
  uint32_t minor = 0;
  if (numbers.size() != 2 || !absl::SimpleAtoi(numbers[0], &major) || !absl::SimpleAtoi(numbers[1], &minor)) {
    return nullptr;
  }
  std::string path = absl::StrCat("/dev/block/", major, ":", minor);
  const auto [entry, is_new] = known->emplace(path, tuning->devices_size());
  if (!is_new) return tuning->mutable_devices(entry->second);
  lines->Remember(absl::StrCat("spec.block_io_tuning.devices[", tuning->devices_size(), "]"), line);
  v1::BlockDeviceTuning* result = tuning->add_devices();
  result->set_path(std::move(path));
  return result;
}

struct DeviceLimit {
  absl::string_view key;
  int64_t most;
  void (*set)(int64_t, v1::BlockDeviceTuning*);
};

constexpr DeviceLimit kDeviceLimits[] = {
    {"lxc.cgroup.blkio.device_weight", kMost32, [](int64_t n, v1::BlockDeviceTuning* to) { to->set_weight(n); }},
    {"lxc.cgroup.blkio.throttle.read_bps_device", kMost,
     [](int64_t n, v1::BlockDeviceTuning* to) { to->set_read_bytes_per_second(n); }},
    {"lxc.cgroup.blkio.throttle.write_bps_device", kMost,
     [](int64_t n, v1::BlockDeviceTuning* to) { to->set_write_bytes_per_second(n); }},
    {"lxc.cgroup.blkio.throttle.read_iops_device", kMost32,
     [](int64_t n, v1::BlockDeviceTuning* to) { to->set_read_iops(n); }},
    {"lxc.cgroup.blkio.throttle.write_iops_device", kMost32,
     [](int64_t n, v1::BlockDeviceTuning* to) { to->set_write_iops(n); }},
};

absl::Status ReadBlockIo(LxcConfLines* lines, v1::DomainSpec* spec) {
  absl::Status status = ReadNumber(lines, "lxc.cgroup.blkio.weight", "spec.block_io_tuning.weight", 0, kMost32,
                                   [spec](int64_t n) { spec->mutable_block_io_tuning()->set_weight(n); });
  if (!status.ok()) return status;
  std::map<std::string, int> known;
  for (LxcConfLine& line : lines->lines()) {
    for (const DeviceLimit& limit : kDeviceLimits) {
      if (line.key != limit.key) continue;
      line.used = true;
      const std::vector<absl::string_view> words = LxcConfWords(line.value);
      v1::BlockDeviceTuning* device =
          words.size() == 2 ? FindDevice(lines, line, words[0], &known, spec->mutable_block_io_tuning()) : nullptr;
      if (device == nullptr) {
        return LxcConfError(line, absl::StrCat("has '", Printable(line.value), "', not MAJOR:MINOR and a number"));
      }
      const auto number = LxcConfNumber(line, words[1], 0, limit.most);
      if (!number.ok()) return number.status();
      limit.set(*number, device);
    }
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status ReadLxcCgroups(LxcConfLines* lines, v1::DomainSpec* spec) {
  for (auto* read : {&ReadMemory, &ReadCpu, &ReadCpuSets, &ReadBlockIo}) {
    if (const absl::Status status = read(lines, spec); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace reeve::formats

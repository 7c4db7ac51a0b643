#include "drivers/lxc/limits.h"

#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <map>
#include <string>

#include "absl/strings/str_cat.h"
#include "cgroups/block_io.h"
#include "cgroups/cpu.h"
#include "cgroups/cpuset.h"
#include "cgroups/memory.h"
#include "drivers/lxc/cpu_list.h"
#include "proto/status.h"
#include "util/errno.h"

namespace reeve::lxc {
namespace {

constexpr uint64_t kDefaultShares = 1024;
constexpr uint64_t kDefaultPeriod = 100000;
constexpr int64_t kNoQuota = -1;
// BFQ's (block/bfq-iosched.rst).
constexpr uint64_t kDefaultWeight = 100;

// The hard limit in bytes; 0: none.
uint64_t HardLimit(const v1::DomainSpec& spec) {
  const v1::MemoryTuning& memory = spec.memory_tuning();
  if (memory.has_hard_limit_kib()) return memory.hard_limit_kib() * 1024;
  return (spec.has_current_memory_kib() ? spec.current_memory_kib() : spec.memory_kib()) * 1024;
}

uint64_t SoftLimit(const v1::DomainSpec& spec) {
  return spec.memory_tuning().soft_limit_kib() * 1024;
}
uint64_t SwapLimit(const v1::DomainSpec& spec) {
  return spec.memory_tuning().swap_hard_limit_kib() * 1024;
}
uint64_t Shares(const v1::DomainSpec& spec) {
  return spec.cpu_tuning().has_shares() ? spec.cpu_tuning().shares() : kDefaultShares;
}
uint64_t Period(const v1::DomainSpec& spec) {
  return spec.cpu_tuning().has_period_us() ? spec.cpu_tuning().period_us() : kDefaultPeriod;
}
int64_t Quota(const v1::DomainSpec& spec) {
  return spec.cpu_tuning().has_quota_us() ? spec.cpu_tuning().quota_us() : kNoQuota;
}
const std::string& Cpus(const v1::DomainSpec& spec) {
  return spec.cpu_placement().cpuset();
}
const std::string& Nodes(const v1::DomainSpec& spec) {
  return spec.numa_tuning().nodeset();
}

cgroups::Location ParentOf(const cgroups::Location& group) {
  const size_t slash = group.path.rfind('/');
  return {group.hierarchies, slash == std::string::npos ? "" : group.path.substr(0, slash)};
}

// "": all that the parent has.
absl::Status SetCpus(const cgroups::Location& group, const std::string& cpus) {
  if (!cpus.empty()) return cgroups::SetCpusetCpus(group, KernelList(cpus).value_or(cpus));
  absl::StatusOr<cgroups::Cpuset> all = cgroups::ReadCpuset(ParentOf(group));
  return all.ok() ? cgroups::SetCpusetCpus(group, all->cpus) : all.status();
}

absl::Status SetNodes(const cgroups::Location& group, const std::string& nodes) {
  if (absl::Status status = cgroups::SetCpusetMigration(group, true); !status.ok()) return status;
  if (!nodes.empty()) return cgroups::SetCpusetNodes(group, KernelList(nodes).value_or(nodes));
  absl::StatusOr<cgroups::Cpuset> all = cgroups::ReadCpuset(ParentOf(group));
  return all.ok() ? cgroups::SetCpusetNodes(group, all->nodes) : all.status();
}

absl::StatusOr<cgroups::BlockDevice> FindDevice(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) < 0) return util::ErrnoStatus(absl::StrCat("block device ", path));
  if (!S_ISBLK(status.st_mode)) return absl::InvalidArgumentError(absl::StrCat(path, " is no block device"));
  return cgroups::BlockDevice{.major = major(status.st_rdev), .minor = minor(status.st_rdev)};
}

absl::Status ChangeBlockDevice(const std::string& path, const v1::BlockDeviceTuning& before,
                               const v1::BlockDeviceTuning& after, const cgroups::Location& group) {
  if (before.SerializeAsString() == after.SerializeAsString()) return absl::OkStatus();
  absl::StatusOr<cgroups::BlockDevice> device = FindDevice(path);
  // One that is gone has no limits any more.
  if (absl::IsNotFound(device.status()) && after.path().empty()) return absl::OkStatus();
  if (!device.ok()) return device.status();
  cgroups::BlockLimits limits;
  if (before.read_bytes_per_second() != after.read_bytes_per_second()) {
    limits.read_bytes = after.read_bytes_per_second();
  }
  if (before.write_bytes_per_second() != after.write_bytes_per_second()) {
    limits.write_bytes = after.write_bytes_per_second();
  }
  if (before.read_iops() != after.read_iops()) limits.read_operations = after.read_iops();
  if (before.write_iops() != after.write_iops()) limits.write_operations = after.write_iops();
  absl::Status status = cgroups::SetBlockLimits(group, *device, limits);
  if (status.ok() && before.weight() != after.weight()) {
    status = cgroups::SetBlockDeviceWeight(group, *device, after.weight());
  }
  return status;
}

absl::Status ChangeBlockIo(const v1::BlockIoTuning& before, const v1::BlockIoTuning& after,
                           const cgroups::Location& group) {
  absl::Status status;
  if (before.weight() != after.weight()) {
    status = cgroups::SetBlockWeight(group, after.has_weight() ? after.weight() : kDefaultWeight);
  }
  std::map<std::string, std::pair<v1::BlockDeviceTuning, v1::BlockDeviceTuning>> devices;
  for (const v1::BlockDeviceTuning& device : before.devices()) devices[device.path()].first = device;
  for (const v1::BlockDeviceTuning& device : after.devices()) devices[device.path()].second = device;
  for (const auto& [path, change] : devices) {
    if (status.ok()) status = ChangeBlockDevice(path, change.first, change.second, group);
  }
  return status;
}

absl::Status Change(const v1::DomainSpec& before, const v1::DomainSpec& after, const cgroups::Location& group) {
  absl::Status status;
  const bool hard = HardLimit(before) != HardLimit(after);
  const bool swap = SwapLimit(before) != SwapLimit(after);
  // The limit of memory and swap together is never below that of memory: it is lifted while the other one changes.
  if (SwapLimit(before) != 0 && (hard || swap)) status = cgroups::SetMemorySwapLimit(group, 0);
  if (hard && status.ok()) status = cgroups::SetMemoryLimit(group, HardLimit(after));
  if (SwapLimit(after) != 0 && (hard || swap) && status.ok()) status = cgroups::SetMemorySwapLimit(group, SwapLimit(after));
  if (SoftLimit(before) != SoftLimit(after) && status.ok()) status = cgroups::SetMemorySoftLimit(group, SoftLimit(after));
  if (Shares(before) != Shares(after) && status.ok()) status = cgroups::SetCpuShares(group, Shares(after));
  if ((Period(before) != Period(after) || Quota(before) != Quota(after)) && status.ok()) {
    status = cgroups::SetCpuQuota(group, Period(after), Quota(after));
  }
  if (Cpus(before) != Cpus(after) && status.ok()) status = SetCpus(group, Cpus(after));
  if (Nodes(before) != Nodes(after) && status.ok()) status = SetNodes(group, Nodes(after));
  if (status.ok()) status = ChangeBlockIo(before.block_io_tuning(), after.block_io_tuning(), group);
  return status;
}

}  // namespace

absl::Status SetLimits(const v1::DomainSpec& spec, const cgroups::Location& group) {
  cgroups::MemoryLimits limits;
  if (HardLimit(spec) != 0) limits.hard_bytes = HardLimit(spec);
  if (SwapLimit(spec) != 0) limits.swap_bytes = SwapLimit(spec);
  if (SoftLimit(spec) != 0) limits.soft_bytes = SoftLimit(spec);
  absl::Status status;
  if (limits.hard_bytes || limits.swap_bytes || limits.soft_bytes) status = cgroups::SetMemoryLimits(group, limits);
  if (spec.cpu_tuning().has_shares() && status.ok()) status = cgroups::SetCpuShares(group, Shares(spec));
  if (spec.cpu_tuning().has_quota_us() && status.ok()) status = cgroups::SetCpuQuota(group, Period(spec), Quota(spec));
  if (!Cpus(spec).empty() && status.ok()) status = SetCpus(group, Cpus(spec));
  if (!Nodes(spec).empty() && status.ok()) status = SetNodes(group, Nodes(spec));
  if (spec.has_block_io_tuning() && status.ok()) status = ChangeBlockIo({}, spec.block_io_tuning(), group);
  return status;
}

absl::Status ChangeLimits(const v1::DomainSpec& before, const v1::DomainSpec& after, const cgroups::Location& group) {
  absl::Status status = Change(before, after, group);
  if (!status.ok()) (void)Change(after, before, group);  // what was not changed is set to what it has
  return status;
}

absl::Status ReadLimits(const cgroups::Location& group, v1::DomainTuning* tuning) {
  tuning->set_scheduler("posix");
  const auto has = [&](cgroups::Controller controller) { return group.hierarchies.Find(controller).hierarchy >= 0; };
  if (has(cgroups::Controller::kMemory)) {
    absl::StatusOr<cgroups::MemoryLimits> limits = cgroups::ReadMemoryLimits(group);
    if (!limits.ok()) return limits.status();
    v1::MemoryTuning& memory = *tuning->mutable_memory();
    memory.Clear();
    if (limits->hard_bytes.value_or(0) != 0) memory.set_hard_limit_kib(*limits->hard_bytes / 1024);
    if (limits->soft_bytes.value_or(0) != 0) memory.set_soft_limit_kib(*limits->soft_bytes / 1024);
    if (limits->swap_bytes.value_or(0) != 0) memory.set_swap_hard_limit_kib(*limits->swap_bytes / 1024);
  }
  if (has(cgroups::Controller::kCpu)) {
    absl::StatusOr<uint64_t> shares = cgroups::ReadCpuShares(group);
    if (!shares.ok()) return shares.status();
    absl::StatusOr<cgroups::CpuQuota> quota = cgroups::ReadCpuQuota(group);
    if (!quota.ok()) return quota.status();
    tuning->mutable_cpu()->set_shares(*shares);
    tuning->mutable_cpu()->set_period_us(quota->period_us);
    tuning->mutable_cpu()->set_quota_us(quota->quota_us);
  }
  if (!has(cgroups::Controller::kCpuset)) return absl::OkStatus();
  absl::StatusOr<cgroups::Cpuset> cpuset = cgroups::ReadCpuset(group);
  if (!cpuset.ok()) return cpuset.status();
  tuning->set_cpuset(cpuset->cpus);
  tuning->set_nodeset(cpuset->nodes);
  return absl::OkStatus();
}

}  // namespace reeve::lxc

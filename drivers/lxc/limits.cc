#include "drivers/lxc/limits.h"

#include "cgroups/cpu.h"
#include "cgroups/memory.h"
#include "proto/status.h"

namespace reeve::lxc {
namespace {

constexpr uint64_t kDefaultShares = 1024;
constexpr uint64_t kDefaultPeriod = 100000;
constexpr int64_t kNoQuota = -1;

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
  return status;
}

absl::Status ChangeLimits(const v1::DomainSpec& before, const v1::DomainSpec& after, const cgroups::Location& group) {
  if (before.block_io_tuning().SerializeAsString() != after.block_io_tuning().SerializeAsString()) {
    absl::Status status = Error(v1::REASON_SPEC_UNSUPPORTED, "block I/O of a container that runs cannot be changed");
    AddFieldViolation(&status, "spec.block_io_tuning", "cannot be changed while the container runs");
    return status;
  }
  absl::Status status = Change(before, after, group);
  if (!status.ok()) (void)Change(after, before, group);  // what was not changed is set to what it has
  return status;
}

}  // namespace reeve::lxc

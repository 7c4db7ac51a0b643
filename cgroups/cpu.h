// The cpu controller of a group (Documentation/admin-guide/cgroup-v2.rst, scheduler/sched-bwc.rst,
// scheduler/sched-rt-group.rst). CPU time that was used is in cpuacct.h, which CPUs may be used in cpuset.h.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

// The v2 weight for v1 shares: 2..262144 onto 1..10000 in a straight line, the conversion that OCI runtimes use.
// Shares outside are moved to the nearer end.
uint64_t WeightFromShares(uint64_t shares);
// The shares in the middle of those that have this weight.
uint64_t SharesFromWeight(uint64_t weight);

// 2 to 262144, 1024 being the default; v2 gets the weight.
absl::Status SetCpuShares(const Location& location, uint64_t shares);
// What is in force; on v2 what the weight stands for, which is near what was set.
absl::StatusOr<uint64_t> ReadCpuShares(const Location& location);

// CPU time per period over all CPUs.
struct CpuQuota {
  uint64_t period_us = 100000;  // 1000 to 1000000
  int64_t quota_us = -1;        // at least 1000; negative: no limit
};
absl::Status SetCpuQuota(const Location& location, uint64_t period_us, int64_t quota_us);
absl::StatusOr<CpuQuota> ReadCpuQuota(const Location& location);

// Time for real-time scheduled processes; needs a kernel with CONFIG_RT_GROUP_SCHED and v1, and within the parent's.
// FAILED_PRECONDITION on v2, which has none.
absl::Status SetCpuRealtime(const Location& location, uint64_t period_us, int64_t runtime_us);
absl::StatusOr<CpuQuota> ReadCpuRealtime(const Location& location);

// How often the quota was used up.
struct CpuThrottling {
  uint64_t periods = 0;
  uint64_t throttled_periods = 0;
  uint64_t throttled_ns = 0;
};
absl::StatusOr<CpuThrottling> ReadCpuThrottling(const Location& location);

}  // namespace reeve::cgroups

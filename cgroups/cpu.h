// The cpu, cpuacct and cpuset controllers of a group.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cgroups/hierarchies.h"

namespace reeve::cgroups {

// The v2 weight for v1 shares: 2..262144 onto 1..10000 in a straight line, the conversion that OCI runtimes use.
// Shares outside are moved to the nearer end.
uint64_t WeightFromShares(uint64_t shares);

absl::Status SetCpuShares(const Hierarchies& hierarchies, const std::string& path, uint64_t shares);
// A negative quota: no limit.
absl::Status SetCpuQuota(const Hierarchies& hierarchies, const std::string& path, uint64_t period_us, int64_t quota_us);
absl::StatusOr<uint64_t> ReadCpuTimeNs(const Hierarchies& hierarchies, const std::string& path);

// A v1 cpuset is empty when it is made and takes no process then: gives it the parent's CPUs and memory nodes. Does
// nothing when `hierarchy` has no cpuset or the group has them already (cpuset(7)).
absl::Status InheritCpuset(const Hierarchies& hierarchies, int hierarchy, const std::string& path);

}  // namespace reeve::cgroups

// CPU time that a group has used (cgroup-v1/cpuacct.rst; v2: cpu.stat, which every group has).
#pragma once

#include <cstdint>
#include <vector>

#include "absl/status/statusor.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

// Nanoseconds.
struct CpuTime {
  uint64_t total_ns = 0;
  uint64_t user_ns = 0;
  uint64_t system_ns = 0;
};

// The whole, the cheapest read.
absl::StatusOr<uint64_t> ReadCpuTimeNs(const Location& location);
// With its parts, over all CPUs.
absl::StatusOr<CpuTime> ReadCpuTime(const Location& location);
// For each CPU of the host, by its number. FAILED_PRECONDITION on v2, which does not tell.
absl::StatusOr<std::vector<CpuTime>> ReadCpuTimes(const Location& location);

}  // namespace reeve::cgroups

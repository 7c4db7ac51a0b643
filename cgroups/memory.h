// The memory controller of a group (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst).
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

// Bytes; 0 or more than 2^62 takes the limit away.
struct MemoryLimits {
  std::optional<uint64_t> hard_bytes;
  // What the group is reclaimed down to (v1) or protected up to (v2's memory.low, as OCI runtimes do) when the host is
  // short of memory.
  std::optional<uint64_t> soft_bytes;
  // Memory and swap together, at least the hard limit. v2 counts swap alone: the hard limit is subtracted, and when
  // only the hard limit is set anew, the room for swap stays.
  std::optional<uint64_t> swap_bytes;
};

// Sets those that are given, in the order that the kernel accepts; what is not given stays. INVALID_ARGUMENT when the
// limit of memory and swap is below the hard one. RESOURCE_EXHAUSTED or UNAVAILABLE (EBUSY) when v1 cannot reclaim that
// much. After an error some may be set.
absl::Status SetMemoryLimits(const Location& location, const MemoryLimits& limits);
// One of them.
absl::Status SetMemoryLimit(const Location& location, uint64_t bytes);
absl::Status SetMemorySoftLimit(const Location& location, uint64_t bytes);
absl::Status SetMemorySwapLimit(const Location& location, uint64_t bytes);
// What is in force, 0: no limit. `swap_bytes` is missing where swap is not counted.
absl::StatusOr<MemoryLimits> ReadMemoryLimits(const Location& location);

// What the group uses.
struct MemoryUsage {
  uint64_t bytes = 0;
  uint64_t peak_bytes = 0;   // 0 where the kernel does not keep it: v2 before Linux 5.19
  uint64_t limit_bytes = 0;  // the group's own; 0: none
  uint64_t out_of_memory_kills = 0;
};
// `limit`: known already, in bytes as the kernel shows it.
absl::StatusOr<MemoryUsage> ReadMemory(const Location& location, std::optional<uint64_t> limit = std::nullopt);

}  // namespace reeve::cgroups

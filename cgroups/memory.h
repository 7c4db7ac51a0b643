// The memory controller of a group (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst).
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "cgroups/hierarchies.h"

namespace reeve::cgroups {

// Bytes; 0 or more than 2^62 takes the limit away. `path` is the group's.
absl::Status SetMemoryLimit(const Hierarchies& hierarchies, const std::string& path, uint64_t bytes);
absl::Status SetMemorySoftLimit(const Hierarchies& hierarchies, const std::string& path, uint64_t bytes);
// Memory and swap together. v2 limits swap alone: the memory limit that is set is subtracted.
absl::Status SetMemorySwapLimit(const Hierarchies& hierarchies, const std::string& path, uint64_t bytes);

// What the group uses.
struct MemoryUsage {
  uint64_t bytes = 0;
  uint64_t peak_bytes = 0;
  uint64_t limit_bytes = 0;  // 0: none
  uint64_t out_of_memory_kills = 0;
};
absl::StatusOr<MemoryUsage> ReadMemory(const Hierarchies& hierarchies, const std::string& path);

}  // namespace reeve::cgroups

// What the memory of a group is used for (memory.stat).
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "cgroups/location.h"
#include "cgroups/memory.h"

namespace reeve::cgroups {

// Of the group and all below it. Bytes unless the name says otherwise. What a kernel does not tell is 0.
struct MemoryStatistics {
  uint64_t anonymous = 0;      // "rss" of v1
  uint64_t file = 0;           // page cache, with shared memory
  uint64_t shared = 0;         // tmpfs and shared memory
  uint64_t swap = 0;           // moved out
  uint64_t kernel = 0;         // slabs, stacks, page tables; v2 since Linux 5.18
  uint64_t inactive_file = 0;  // page cache that goes first: the working set is the usage without it
  uint64_t active_file = 0;
  uint64_t mapped_file = 0;
  uint64_t inactive_anonymous = 0;
  uint64_t active_anonymous = 0;
  uint64_t unevictable = 0;
  uint64_t page_faults = 0;        // number
  uint64_t major_page_faults = 0;  // number: those that had to be read from a disk
  // As ReadMemory has it; on v1, where the file tells it, the lowest limit of the group and those above it.
  MemoryUsage usage;
};
// Five reads on v1 and six on v2, that of memory.stat dearer than the others.
absl::StatusOr<MemoryStatistics> ReadMemoryStatistics(const Location& location);

}  // namespace reeve::cgroups

// What the memory of a group is used for (memory.stat), and notice when it runs out.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "cgroups/location.h"
#include "util/fd.h"

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
  uint64_t page_faults = 0;        // number
  uint64_t major_page_faults = 0;  // number: those that had to be read from a disk
};
// One read, of a file that is dearer than the others: tens of microseconds.
absl::StatusOr<MemoryStatistics> ReadMemoryStatistics(const Location& location);

// Tells when processes of a group have been killed for want of memory. Move-only; ends with the object. Not
// thread-safe.
class OutOfMemoryWatch {
 public:
  static absl::StatusOr<OutOfMemoryWatch> Open(const Location& location);

  // To poll for POLLIN (v1) or POLLPRI (v2): `events()`.
  int fd() const { return fd_.get(); }
  short events() const { return events_; }
  // Takes the notice and says how many have been killed since the group was made. Never waits. The kernel also gives
  // notice when nobody was killed, and when the group is removed (NOT_FOUND then).
  absl::StatusOr<uint64_t> Take();

 private:
  OutOfMemoryWatch(Location location, util::UniqueFd fd, short events)
      : location_(std::move(location)), fd_(std::move(fd)), events_(events) {}

  Location location_;
  util::UniqueFd fd_;
  short events_;
};

}  // namespace reeve::cgroups

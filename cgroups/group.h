// One control group in all hierarchies of the host: made, limited, frozen, killed and removed as one thing, whether the
// controllers are v1, v2 or some of each.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "cgroups/freezer.h"
#include "cgroups/hierarchies.h"
#include "cgroups/location.h"
#include "util/fd.h"

namespace reeve::cgroups {

// How a process gets into the group: clone3(2) with CLONE_INTO_CGROUP where there is a v2 directory, then "0" written
// by its only thread to each of the v1 files. Both do without the lock of cgroup.procs (cgroup_procs_write_start() of
// the kernel), for which every fork and exit of the host waits: tens of milliseconds where nobody has taken it just
// before.
struct AttachTargets {
  util::UniqueFd unified;             // directory of the group in the v2 hierarchy; empty without one
  std::vector<std::string> v1_tasks;  // absolute paths of the files "tasks"
};

// Those of a group in these of its hierarchies (indexes). Errors name the place.
absl::StatusOr<AttachTargets> FindTargets(const Location& group, const std::vector<int>& members);

// Usage. What a host cannot tell is 0.
struct Usage {
  uint64_t cpu_time_ns = 0;
  uint64_t memory_bytes = 0;
  uint64_t memory_peak_bytes = 0;
  uint64_t memory_limit_bytes = 0;  // 0: no limit
  uint64_t tasks = 0;
  uint64_t out_of_memory_kills = 0;
};

// A group as a whole. What its controllers can do are functions of their headers, which take a group as its Location:
// SetMemoryLimit(group, bytes) of memory.h, and cpu.h, cpuacct.h, cpuset.h, devices.h, pids.h and so on. Each is
// FAILED_PRECONDITION with the reason why when the controller is missing; its other errors name controller, file, value
// and parent. No reason of the API is attached to errors (the caller knows it).
// Move-only. The kernel's group outlives the object; only Remove ends it. Methods may be called from any thread;
// setters of one group one at a time.
class Group {
 public:
  // Makes the group `name` below `partition` ("/machine", made as needed, absolute, without "." and ".."). The name is
  // escaped (name.h). v2 controllers are enabled from the group `delegated` on, "" or one above: what is above that is
  // somebody else's. After an error nothing of the group is left. ALREADY_EXISTS when it is there.
  static absl::StatusOr<Group> Create(const Hierarchies& hierarchies, absl::string_view partition,
                                      absl::string_view name, const std::string& delegated = "");
  // Finds a group again, in those hierarchies that have it. NOT_FOUND when none has.
  static absl::StatusOr<Group> Open(const Hierarchies& hierarchies, absl::string_view partition,
                                    absl::string_view name);

  Group(Group&&) = default;
  Group& operator=(Group&&) = default;
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  // Path below the root of every hierarchy: "machine/web1".
  const std::string& path() const { return location_.path; }
  operator const Location&() const { return location_; }  // NOLINT: a group is a location

  // Freeze returns when every process stands still, DEADLINE_EXCEEDED (and thawed again) when that takes over
  // `timeout`.
  absl::Status Freeze(absl::Duration timeout = kFreezeTimeout);
  // Fine also when its processes then end at once and somebody removes the group.
  absl::Status Thaw();
  absl::StatusOr<bool> IsFrozen() const;

  // Sends SIGKILL to every process in it and below it, also to those born meanwhile and those frozen. Doesn't wait.
  absl::Status Kill();
  // Waits until no process is left in it, DEADLINE_EXCEEDED after `timeout`.
  absl::Status AwaitEmpty(absl::Duration timeout);
  // Removes it and the groups below it in all hierarchies; waits up to `timeout` for processes that are ending. What is
  // gone already is fine. After an error the object may be used to try again.
  absl::Status Remove(absl::Duration timeout = absl::Seconds(2));

  absl::StatusOr<AttachTargets> Targets() const;
  // Never waits.
  absl::StatusOr<Usage> Statistics() const;
  // Process ids in it and below it, ascending.
  absl::StatusOr<std::vector<pid_t>> Processes() const;

 private:
  Group(Hierarchies hierarchies, std::string path, std::vector<int> members)
      : location_{std::move(hierarchies), std::move(path)}, members_(std::move(members)) {}

  Location location_;
  std::vector<int> members_;  // indexes of the hierarchies that have the group
};

}  // namespace reeve::cgroups

#include "cgroups/group.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cgroups/controller_file.h"
#include "cgroups/cpu.h"
#include "cgroups/freezer.h"
#include "cgroups/memory.h"
#include "cgroups/name.h"
#include "cgroups/processes.h"
#include "cgroups/subtree.h"
#include "util/errno.h"

namespace reeve::cgroups {
namespace {

absl::StatusOr<std::string> PathOf(absl::string_view partition, absl::string_view name) {
  absl::StatusOr<std::string> parent = ParsePartition(partition);
  if (!parent.ok()) return parent.status();
  absl::StatusOr<std::string> escaped = EscapeName(name);
  if (!escaped.ok()) return escaped.status();
  return parent->empty() ? *escaped : absl::StrCat(*parent, "/", *escaped);
}

bool EventsSayEmpty(absl::string_view events) {
  return absl::StrContains(events, "populated 0");
}

bool Gone(int error) {
  return error == ENOENT || error == ENODEV;
}

}  // namespace

absl::StatusOr<Group> Group::Create(const Hierarchies& hierarchies, absl::string_view partition,
                                    absl::string_view name) {
  absl::StatusOr<std::string> path = PathOf(partition, name);
  if (!path.ok()) return path.status();
  Group group(hierarchies, *std::move(path), {});
  for (int hierarchy : hierarchies.used()) {
    absl::Status status = MakeGroup(hierarchies, hierarchy, group.path_);
    if (status.ok() || !absl::IsAlreadyExists(status)) group.members_.push_back(hierarchy);
    if (status.ok()) continue;
    // Nothing has run in it yet, so there is nothing to wait for.
    if (absl::Status removed = group.Remove(absl::ZeroDuration()); !removed.ok()) {
      return absl::Status(status.code(), absl::StrCat(status.message(), "; and then: ", removed.message()));
    }
    return status;
  }
  return group;
}

absl::StatusOr<Group> Group::Open(const Hierarchies& hierarchies, absl::string_view partition, absl::string_view name) {
  absl::StatusOr<std::string> path = PathOf(partition, name);
  if (!path.ok()) return path.status();
  Group group(hierarchies, *std::move(path), {});
  for (int hierarchy : hierarchies.used()) {
    util::UniqueFd directory;
    const int error = hierarchies.tree()->OpenDirectory(hierarchy, group.path_, &directory);
    if (error == 0) {
      group.members_.push_back(hierarchy);
    } else if (!Gone(error)) {
      return util::ErrnoStatus(
          error, absl::StrCat(Label(hierarchies, hierarchy), ": open ", FullPath(hierarchies, hierarchy, group.path_)));
    }
  }
  if (group.members_.empty()) return absl::NotFoundError(absl::StrCat("there is no control group ", group.path_));
  return group;
}

absl::Status Group::SetMemoryLimit(uint64_t bytes) {
  return cgroups::SetMemoryLimit(hierarchies_, path_, bytes);
}
absl::Status Group::SetMemorySoftLimit(uint64_t bytes) {
  return cgroups::SetMemorySoftLimit(hierarchies_, path_, bytes);
}
absl::Status Group::SetMemorySwapLimit(uint64_t bytes) {
  return cgroups::SetMemorySwapLimit(hierarchies_, path_, bytes);
}
absl::Status Group::SetCpuShares(uint64_t shares) {
  return cgroups::SetCpuShares(hierarchies_, path_, shares);
}
absl::Status Group::SetCpuQuota(uint64_t period_us, int64_t quota_us) {
  return cgroups::SetCpuQuota(hierarchies_, path_, period_us, quota_us);
}

absl::Status Group::SetTasksLimit(uint64_t tasks) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(hierarchies_, Controller::kPids, path_);
  if (!files.ok()) return files.status();
  return files->Write("pids.max", tasks == 0 ? "max" : absl::StrCat(tasks));
}

absl::Status Group::Freeze(absl::Duration timeout) {
  return cgroups::Freeze(hierarchies_, path_, timeout);
}
absl::Status Group::Thaw() {
  return cgroups::Thaw(hierarchies_, path_);
}
absl::StatusOr<bool> Group::IsFrozen() const {
  return cgroups::IsFrozen(hierarchies_, path_);
}
absl::Status Group::Kill() {
  return cgroups::Kill(hierarchies_, path_);
}

absl::Status Group::AwaitEmpty(absl::Duration timeout) {
  const int unified = hierarchies_.unified();
  if (std::find(members_.begin(), members_.end(), unified) != members_.end()) {
    const int error = hierarchies_.tree()->Await(unified, absl::StrCat(path_, "/cgroup.events"), true, timeout,
                                                 [](absl::string_view events) { return EventsSayEmpty(events); });
    if (error != 0 && !Gone(error)) {
      return util::ErrnoStatus(error, absl::StrCat("unified hierarchy: wait for the end of the processes of ", path_));
    }
    // In v1 hierarchies a process leaves a moment before or after: they are looked at below.
  }
  absl::Duration waited;
  for (int attempt = 0;; ++attempt) {
    absl::StatusOr<std::vector<pid_t>> processes = Processes();
    if (!processes.ok()) return processes.status();
    if (processes->empty()) return absl::OkStatus();
    if (waited >= timeout) {
      return absl::DeadlineExceededError(
          absl::StrCat("control group ", path_, " still has the processes ", absl::StrJoin(*processes, ", ")));
    }
    waited += hierarchies_.tree()->Pause(attempt);
  }
}

absl::Status Group::Remove(absl::Duration timeout) {
  absl::Status result;
  absl::Duration left = timeout;
  std::vector<int> remaining;
  for (int hierarchy : members_) {
    absl::Status status = RemoveSubtree(hierarchies_, hierarchy, path_, &left);
    if (!status.ok()) remaining.push_back(hierarchy);
    result.Update(status);
  }
  members_ = std::move(remaining);
  return result;
}

absl::StatusOr<AttachTargets> Group::Targets() const {
  AttachTargets targets;
  for (int hierarchy : members_) {
    if (hierarchies_.all()[hierarchy].version == 1) {
      targets.v1_procs.push_back(FullPath(hierarchies_, hierarchy, absl::StrCat(path_, "/cgroup.procs")));
      continue;
    }
    const int error = hierarchies_.tree()->OpenDirectory(hierarchy, path_, &targets.unified);
    if (error != 0) {
      return util::ErrnoStatus(error,
                               absl::StrCat("unified hierarchy: open ", FullPath(hierarchies_, hierarchy, path_)));
    }
  }
  return targets;
}

absl::StatusOr<Usage> Group::Statistics() const {
  Usage usage;
  if (hierarchies_.Find(Controller::kCpuacct).hierarchy >= 0) {
    absl::StatusOr<uint64_t> time = ReadCpuTimeNs(hierarchies_, path_);
    if (!time.ok()) return time.status();
    usage.cpu_time_ns = *time;
  }
  if (hierarchies_.Find(Controller::kMemory).hierarchy >= 0) {
    absl::StatusOr<MemoryUsage> memory = ReadMemory(hierarchies_, path_);
    if (!memory.ok()) return memory.status();
    usage.memory_bytes = memory->bytes;
    usage.memory_peak_bytes = memory->peak_bytes;
    usage.memory_limit_bytes = memory->limit_bytes;
    usage.out_of_memory_kills = memory->out_of_memory_kills;
  }
  if (absl::StatusOr<ControllerFiles> pids = ControllerFiles::Find(hierarchies_, Controller::kPids, path_); pids.ok()) {
    absl::StatusOr<uint64_t> tasks = pids->ReadNumber("pids.current");
    if (!tasks.ok()) return tasks.status();
    usage.tasks = *tasks;
  }
  return usage;
}

absl::StatusOr<std::vector<pid_t>> Group::Processes() const {
  std::vector<pid_t> result;
  for (int hierarchy : members_) {
    absl::StatusOr<std::vector<pid_t>> processes = ListProcesses(hierarchies_, hierarchy, path_);
    if (!processes.ok()) return processes.status();
    result.insert(result.end(), processes->begin(), processes->end());
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

}  // namespace reeve::cgroups

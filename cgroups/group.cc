#include "cgroups/group.h"

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cgroups/controller_file.h"
#include "cgroups/cpuacct.h"
#include "cgroups/freezer.h"
#include "cgroups/memory.h"
#include "cgroups/name.h"
#include "cgroups/pids.h"
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

absl::StatusOr<Group> Group::Create(const Hierarchies& hierarchies, absl::string_view partition, absl::string_view name,
                                    const std::string& delegated) {
  absl::StatusOr<std::string> path = PathOf(partition, name);
  if (!path.ok()) return path.status();
  Group group(hierarchies, *std::move(path), {});
  for (int hierarchy : hierarchies.used()) {
    absl::Status status = MakeGroup(hierarchies, hierarchy, group.path(), delegated);
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
    const int error = hierarchies.tree()->OpenDirectory(hierarchy, group.path(), &directory);
    if (error == 0) {
      group.members_.push_back(hierarchy);
    } else if (!Gone(error)) {
      return util::ErrnoStatus(error, absl::StrCat(Label(hierarchies, hierarchy), ": open ",
                                                   FullPath(hierarchies, hierarchy, group.path())));
    }
  }
  if (group.members_.empty()) return absl::NotFoundError(absl::StrCat("there is no control group ", group.path()));
  return group;
}

absl::Status Group::Freeze(absl::Duration timeout) {
  return cgroups::Freeze(location_, timeout);
}
absl::Status Group::Thaw() {
  return cgroups::Thaw(location_);
}
absl::StatusOr<bool> Group::IsFrozen() const {
  return cgroups::IsFrozen(location_);
}
absl::Status Group::Kill() {
  return cgroups::Kill(location_);
}

absl::Status Group::AwaitEmpty(absl::Duration timeout) {
  const int unified = location_.hierarchies.unified();
  if (std::find(members_.begin(), members_.end(), unified) != members_.end()) {
    const int error =
        location_.hierarchies.tree()->Await(unified, absl::StrCat(location_.path, "/cgroup.events"), true, timeout,
                                            [](absl::string_view events) { return EventsSayEmpty(events); });
    if (error != 0 && !Gone(error)) {
      return util::ErrnoStatus(
          error, absl::StrCat("unified hierarchy: wait for the end of the processes of ", location_.path));
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
          absl::StrCat("control group ", location_.path, " still has the processes ", absl::StrJoin(*processes, ", ")));
    }
    waited += location_.hierarchies.tree()->Pause(attempt);
  }
}

absl::Status Group::Remove(absl::Duration timeout) {
  absl::Status result;
  absl::Duration left = timeout;
  std::vector<int> remaining;
  for (int hierarchy : members_) {
    absl::Status status = RemoveSubtree(location_.hierarchies, hierarchy, location_.path, &left);
    if (!status.ok()) remaining.push_back(hierarchy);
    result.Update(status);
  }
  members_ = std::move(remaining);
  return result;
}

absl::StatusOr<AttachTargets> FindTargets(const Location& group, const std::vector<int>& members) {
  AttachTargets targets;
  for (int hierarchy : members) {
    if (group.hierarchies.all()[hierarchy].version == 1) {
      targets.v1_tasks.push_back(FullPath(group.hierarchies, hierarchy, absl::StrCat(group.path, "/tasks")));
      continue;
    }
    const int error = group.hierarchies.tree()->OpenDirectory(hierarchy, group.path, &targets.unified);
    if (error != 0) {
      return util::ErrnoStatus(
          error, absl::StrCat("unified hierarchy: open ", FullPath(group.hierarchies, hierarchy, group.path)));
    }
  }
  return targets;
}

absl::StatusOr<AttachTargets> Group::Targets() const {
  return FindTargets(location_, members_);
}

absl::StatusOr<Usage> Group::Statistics() const {
  Usage usage;
  if (location_.hierarchies.Find(Controller::kCpuacct).hierarchy >= 0) {
    absl::StatusOr<uint64_t> time = ReadCpuTimeNs(location_);
    if (!time.ok()) return time.status();
    usage.cpu_time_ns = *time;
  }
  if (location_.hierarchies.Find(Controller::kMemory).hierarchy >= 0) {
    absl::StatusOr<MemoryUsage> memory = ReadMemory(location_);
    if (!memory.ok()) return memory.status();
    usage.memory_bytes = memory->bytes;
    usage.memory_peak_bytes = memory->peak_bytes;
    usage.memory_limit_bytes = memory->limit_bytes;
    usage.out_of_memory_kills = memory->out_of_memory_kills;
  }
  if (location_.hierarchies.Find(Controller::kPids).hierarchy >= 0) {
    absl::StatusOr<uint64_t> tasks = ReadTasksCount(location_);
    if (!tasks.ok()) return tasks.status();
    usage.tasks = *tasks;
  }
  return usage;
}

absl::StatusOr<std::vector<pid_t>> Group::Processes() const {
  std::vector<pid_t> result;
  for (int hierarchy : members_) {
    absl::StatusOr<std::vector<pid_t>> processes = ListProcesses(location_.hierarchies, hierarchy, location_.path);
    if (!processes.ok()) return processes.status();
    result.insert(result.end(), processes->begin(), processes->end());
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

}  // namespace reeve::cgroups

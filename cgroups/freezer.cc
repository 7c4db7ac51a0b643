#include "cgroups/freezer.h"

#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "cgroups/controller_file.h"
#include "cgroups/processes.h"
#include "util/errno.h"

namespace reeve::cgroups {
namespace {

constexpr absl::Duration kThawTimeout = absl::Seconds(5);

bool EventsSayFrozen(absl::string_view events) {
  return absl::StrContains(events, "frozen 1");
}

// Waits for a state of the freezer.
int AwaitState(const Location& location, const Placement& place, bool frozen, absl::Duration timeout) {
  Tree* tree = location.hierarchies.tree();
  if (place.version == 2) {
    return tree->Await(place.hierarchy, absl::StrCat(location.path, "/cgroup.events"), true, timeout,
                       [&](absl::string_view text) { return EventsSayFrozen(text) == frozen; });
  }
  const std::string file = absl::StrCat(location.path, "/freezer.state");
  return tree->Await(place.hierarchy, file, false, timeout, [&](absl::string_view text) {
    const absl::string_view state = absl::StripAsciiWhitespace(text);
    if (state == (frozen ? "FROZEN" : "THAWED")) return true;
    // Writing again makes the kernel look at processes that could not be frozen the first time
    // (cgroup-v1/freezer-subsystem.rst). A failure here shows as the timeout.
    if (frozen) (void)tree->Write(place.hierarchy, file, "FROZEN");
    return false;
  });
}

}  // namespace

absl::Status Thaw(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kFreezer);
  if (!files.ok()) return files.status();
  const bool v1 = files->version() == 1;
  absl::Status status = v1 ? files->Write("freezer.state", "THAWED") : files->Write("cgroup.freeze", "0");
  if (!status.ok()) return status;
  const int error = AwaitState(location, location.hierarchies.Find(Controller::kFreezer), false, kThawTimeout);
  // A group that is gone by now has run on and ended, as it was meant to.
  if (error == 0 || error == ENOENT || error == ENODEV) return absl::OkStatus();
  return util::ErrnoStatus(error, absl::StrCat("controller freezer: thaw ", location.path));
}

absl::Status Freeze(const Location& location, absl::Duration timeout) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kFreezer);
  if (!files.ok()) return files.status();
  const bool v1 = files->version() == 1;
  absl::Status status = v1 ? files->Write("freezer.state", "FROZEN") : files->Write("cgroup.freeze", "1");
  if (!status.ok()) return status;
  const int error = AwaitState(location, location.hierarchies.Find(Controller::kFreezer), true, timeout);
  if (error == 0) return absl::OkStatus();
  status = util::ErrnoStatus(error, absl::StrCat("controller freezer: freeze ", location.path));
  if (absl::Status thawed = Thaw(location); !thawed.ok()) {
    return absl::Status(status.code(), absl::StrCat(status.message(), "; and then: ", thawed.message()));
  }
  return status;
}

absl::StatusOr<bool> IsFrozen(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kFreezer);
  if (!files.ok()) return files.status();
  const bool v1 = files->version() == 1;
  absl::StatusOr<std::string> content = files->Read(v1 ? "freezer.state" : "cgroup.events");
  if (!content.ok()) return content.status();
  return v1 ? absl::StripAsciiWhitespace(*content) == "FROZEN" : EventsSayFrozen(*content);
}

absl::Status Kill(const Location& location) {
  const Hierarchies& hierarchies = location.hierarchies;
  const std::string& path = location.path;
  if (hierarchies.unified() >= 0) {
    const int error = hierarchies.tree()->Write(hierarchies.unified(), absl::StrCat(path, "/cgroup.kill"), "1");
    if (error == 0) return absl::OkStatus();
    std::string events;
    const bool group_is_there =
        hierarchies.tree()->Read(hierarchies.unified(), absl::StrCat(path, "/cgroup.events"), &events) == 0;
    // cgroup.kill came with Linux 5.14; without it, kill one by one below.
    if (error != ENOENT || !group_is_there) {
      if (error == ENOENT || error == ENODEV) return absl::OkStatus();
      return util::ErrnoStatus(error, absl::StrCat("unified hierarchy: write \"1\" to ",
                                                   FullPath(hierarchies, hierarchies.unified(), path), "/cgroup.kill"));
    }
  }
  const Placement& place = hierarchies.Find(Controller::kFreezer);
  const int hierarchy = place.hierarchy >= 0 ? place.hierarchy : hierarchies.used().front();
  // Frozen, so that none is born meanwhile; should freezing fail, the rounds below still catch the newborn.
  if (place.hierarchy >= 0) {
    const bool v1 = place.version == 1;
    const int error = hierarchies.tree()->Write(hierarchy, absl::StrCat(path, v1 ? "/freezer.state" : "/cgroup.freeze"),
                                                v1 ? "FROZEN" : "1");
    if (error == ENOENT || error == ENODEV) return absl::OkStatus();
    if (error == 0) (void)AwaitState(location, place, true, absl::Milliseconds(200));
  }
  constexpr int kRounds = 16;
  std::vector<pid_t> killed;
  absl::Status status;
  for (int round = 0; round < kRounds; ++round) {
    absl::StatusOr<std::vector<pid_t>> processes = ListProcesses(hierarchies, hierarchy, path);
    if (!processes.ok()) {
      status = processes.status();
      break;
    }
    bool any_new = false;
    for (pid_t process : *processes) {
      if (std::find(killed.begin(), killed.end(), process) != killed.end()) continue;
      any_new = true;
      killed.push_back(process);
      const int error = hierarchies.tree()->Signal(process, SIGKILL);
      if (error != 0 && error != ESRCH) {
        status = util::ErrnoStatus(error, absl::StrCat("kill process ", process, " of group ", path));
      }
    }
    if (!any_new) break;
  }
  if (place.hierarchy >= 0) status.Update(Thaw(location));
  return status;
}

}  // namespace reeve::cgroups

#include "cgroups/subtree.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cgroups/controller_file.h"
#include "cgroups/cpu.h"
#include "cgroups/processes.h"
#include "util/errno.h"

namespace reeve::cgroups {
namespace {

absl::Status Failure(const Hierarchies& hierarchies, int hierarchy, int error, absl::string_view verb,
                     absl::string_view path) {
  return util::ErrnoStatus(
      error, absl::StrCat(Label(hierarchies, hierarchy), ": ", verb, " ", FullPath(hierarchies, hierarchy, path)));
}

// Makes the groups above `path`; those that are there stay as they are.
absl::Status MakeParents(const Hierarchies& hierarchies, int hierarchy, const std::string& path) {
  for (size_t slash = path.find('/'); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    const std::string parent = path.substr(0, slash);
    const int error = hierarchies.tree()->MakeDirectory(hierarchy, parent);
    if (error != 0 && error != EEXIST) return Failure(hierarchies, hierarchy, error, "make", parent);
    if (absl::Status status = InheritCpuset(hierarchies, hierarchy, parent); !status.ok()) return status;
  }
  return absl::OkStatus();
}

// The v2 controllers that a guest's group needs.
std::vector<absl::string_view> UnifiedControllers(const Hierarchies& hierarchies) {
  std::vector<absl::string_view> names;
  for (Controller controller : {Controller::kMemory, Controller::kCpu, Controller::kPids}) {
    if (hierarchies.Find(controller).version == 2) names.push_back(Name(controller));
  }
  return names;
}

// Enables the controllers in every group above `path`: one that is not enabled in the parent has no files in the child
// (cgroup-v2.rst, "Top-down Constraint").
absl::Status EnableControllers(const Hierarchies& hierarchies, const std::string& path) {
  const std::vector<absl::string_view> needed = UnifiedControllers(hierarchies);
  if (needed.empty()) return absl::OkStatus();
  const int unified = hierarchies.unified();
  std::string content;
  const std::string file = absl::StrCat(path, "/cgroup.controllers");
  if (int error = hierarchies.tree()->Read(unified, file, &content); error != 0) {
    return Failure(hierarchies, unified, error, "read", file);
  }
  const std::vector<absl::string_view> enabled = absl::StrSplit(content, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  const bool complete = std::all_of(needed.begin(), needed.end(), [&](absl::string_view name) {
    return std::find(enabled.begin(), enabled.end(), name) != enabled.end();
  });
  if (complete) return absl::OkStatus();
  const std::string value = absl::StrCat("+", absl::StrJoin(needed, " +"));
  size_t end = 0;
  while (end != std::string::npos) {
    const std::string control = absl::StrCat(path.substr(0, end), end == 0 ? "" : "/", "cgroup.subtree_control");
    if (int error = hierarchies.tree()->Write(unified, control, value); error != 0) {
      return Failure(hierarchies, unified, error, absl::StrCat("write \"", value, "\" to"), control);
    }
    end = path.find('/', end == 0 ? 0 : end + 1);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakeGroup(const Hierarchies& hierarchies, int hierarchy, const std::string& path) {
  int error = hierarchies.tree()->MakeDirectory(hierarchy, path);
  if (error == ENOENT) {
    if (absl::Status status = MakeParents(hierarchies, hierarchy, path); !status.ok()) return status;
    error = hierarchies.tree()->MakeDirectory(hierarchy, path);
  }
  if (error != 0) return Failure(hierarchies, hierarchy, error, "make", path);
  if (hierarchy == hierarchies.unified()) return EnableControllers(hierarchies, path);
  return InheritCpuset(hierarchies, hierarchy, path);
}

absl::Status RemoveSubtree(const Hierarchies& hierarchies, int hierarchy, const std::string& path,
                           absl::Duration* left) {
  Tree* tree = hierarchies.tree();
  for (int attempt = 0;; ++attempt) {
    int error = tree->RemoveDirectory(hierarchy, path);
    if (error == 0 || error == ENOENT || error == ENODEV) return absl::OkStatus();
    if (error != EBUSY && error != ENOTEMPTY) return Failure(hierarchies, hierarchy, error, "remove", path);
    // Busy: groups below, which the guest made, or processes.
    absl::StatusOr<std::vector<std::string>> groups = ListSubtree(hierarchies, hierarchy, path);
    if (!groups.ok()) return groups.status();
    for (const std::string& group : *groups) {
      error = tree->RemoveDirectory(hierarchy, group);
      if (error == 0 || error == ENOENT || error == ENODEV) continue;
      if (error != EBUSY && error != ENOTEMPTY) return Failure(hierarchies, hierarchy, error, "remove", group);
    }
    if (error == 0 || error == ENOENT || error == ENODEV) return absl::OkStatus();
    if (*left <= absl::ZeroDuration()) {
      absl::StatusOr<std::vector<pid_t>> processes = ListProcesses(hierarchies, hierarchy, path);
      if (!processes.ok()) return processes.status();
      return absl::DeadlineExceededError(absl::StrCat(Label(hierarchies, hierarchy), ": remove ",
                                                      FullPath(hierarchies, hierarchy, path),
                                                      ": still has the processes ", absl::StrJoin(*processes, ", ")));
    }
    *left -= tree->Pause(attempt);
  }
}

}  // namespace reeve::cgroups

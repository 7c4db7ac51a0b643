#include "cgroups/subtree.h"

#include <algorithm>
#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "cgroups/controller_file.h"
#include "cgroups/cpuset.h"
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

struct UnifiedController {
  Controller controller;
  bool required;  // without the others a guest runs, until it wants to be limited by them
};
constexpr UnifiedController kUnifiedControllers[] = {
    {Controller::kMemory, true},  {Controller::kCpu, true},    {Controller::kPids, true},
    {Controller::kCpuset, false}, {Controller::kBlkio, false}, {Controller::kHugetlb, false},
};

// Enables the controllers in the groups above `path`, from `delegated` on: one that is not enabled in the parent has no
// files in the child (cgroup-v2.rst, "Top-down Constraint").
absl::Status EnableControllers(const Hierarchies& hierarchies, const std::string& path, const std::string& delegated) {
  const int unified = hierarchies.unified();
  Tree* tree = hierarchies.tree();
  std::string content;
  const std::string file = absl::StrCat(path, "/cgroup.controllers");
  if (int error = tree->Read(unified, file, &content); error != 0) {
    return Failure(hierarchies, unified, error, "read", file);
  }
  const std::vector<absl::string_view> enabled = absl::StrSplit(content, absl::ByAnyChar(" \n"), absl::SkipEmpty());
  std::vector<std::string> required;
  std::vector<std::string> optional;
  for (const UnifiedController& each : kUnifiedControllers) {
    const absl::string_view name = UnifiedName(each.controller);
    if (hierarchies.Find(each.controller).version != 2) continue;
    if (std::find(enabled.begin(), enabled.end(), name) != enabled.end()) continue;
    (each.required ? required : optional).push_back(absl::StrCat("+", name));
  }
  if (required.empty() && optional.empty()) return absl::OkStatus();
  for (size_t end = delegated.size(); end != std::string::npos; end = path.find('/', end == 0 ? 0 : end + 1)) {
    const std::string control = JoinPath(path.substr(0, end), "cgroup.subtree_control");
    if (const std::string value = absl::StrJoin(required, " "); !value.empty()) {
      if (int error = tree->Write(unified, control, value); error != 0) {
        absl::Status status = Failure(hierarchies, unified, error, absl::StrCat("write \"", value, "\" to"), control);
        if (error != EBUSY) return status;
        return absl::Status(status.code(), absl::StrCat(status.message(), " (the group has processes of its own)"));
      }
    }
    // Whoever sets a limit of a controller that is not enabled is told so then.
    for (const std::string& value : optional) (void)tree->Write(unified, control, value);
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status MakeGroup(const Hierarchies& hierarchies, int hierarchy, const std::string& path,
                       const std::string& delegated) {
  int error = hierarchies.tree()->MakeDirectory(hierarchy, path);
  if (error == ENOENT) {
    if (absl::Status status = MakeParents(hierarchies, hierarchy, path); !status.ok()) return status;
    error = hierarchies.tree()->MakeDirectory(hierarchy, path);
  }
  if (error != 0) return Failure(hierarchies, hierarchy, error, "make", path);
  if (hierarchy == hierarchies.unified()) return EnableControllers(hierarchies, path, delegated);
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

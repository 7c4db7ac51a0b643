#include "drivers/lxc/supervisor_group.h"

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "cgroups/name.h"
#include "util/errno.h"
#include "util/systemd_scope.h"

namespace reeve::lxc {
namespace {

// The end of a process and its leaving of the group are not one moment to rmdir(2).
constexpr int kRemoveAttempts = 50;

}  // namespace

absl::StatusOr<SupervisorGroup> SupervisorGroup::Find(const cgroups::Hierarchies& hierarchies,
                                                      absl::string_view partition, absl::string_view uid) {
  absl::StatusOr<std::string> name = cgroups::EscapeName(absl::StrCat(uid, ".supervisor"));
  if (!name.ok()) return name.status();
  absl::StatusOr<std::string> parent = cgroups::ParsePartition(partition);
  if (!parent.ok()) return parent.status();
  return SupervisorGroup(hierarchies, parent->empty() ? *name : absl::StrCat(*parent, "/", *name), std::string(uid));
}

absl::StatusOr<SupervisorGroup> SupervisorGroup::Create(const cgroups::Hierarchies& hierarchies, SupervisorHome home,
                                                        absl::string_view partition, absl::string_view uid) {
  absl::StatusOr<SupervisorGroup> group = Find(hierarchies, partition, uid);
  if (!group.ok()) return group;
  group->home_ = home;
  if (home == SupervisorHome::kSystemdScope) return group;
  cgroups::Tree* tree = hierarchies.tree();
  for (int hierarchy : group->Members()) {
    int error = tree->MakeDirectory(hierarchy, group->path_);
    if (error == ENOENT) {
      for (size_t slash = group->path_.find('/'); slash != std::string::npos;
           slash = group->path_.find('/', slash + 1)) {
        error = tree->MakeDirectory(hierarchy, group->path_.substr(0, slash));
        if (error != 0 && error != EEXIST) break;
      }
      error = tree->MakeDirectory(hierarchy, group->path_);
    }
    if (error != 0 && error != EEXIST) {
      absl::Status status = util::ErrnoStatus(error, absl::StrCat("make the group ", group->path_));
      (void)group->Remove();  // the first error is the one to report
      return status;
    }
  }
  return group;
}

std::vector<int> SupervisorGroup::Members() const {
  std::vector<int> members;
  for (size_t i = 0; i < hierarchies_.all().size(); ++i) {
    const cgroups::Hierarchy& hierarchy = hierarchies_.all()[i];
    const auto& controllers = hierarchy.controllers;
    if (hierarchy.version == 2 ||
        std::find(controllers.begin(), controllers.end(), "name=systemd") != controllers.end()) {
      members.push_back(static_cast<int>(i));
    }
  }
  return members;
}

absl::Status SupervisorGroup::Add(pid_t supervisor) const {
  if (home_ == SupervisorHome::kSystemdScope) {
    return util::MakeSystemdScope({.name = absl::StrCat("reeve-", uid_, ".scope"),
                                   .description = absl::StrCat("Supervisor of the Reeve container ", uid_),
                                   .slice = "machine.slice"},
                                  supervisor);
  }
  for (int hierarchy : Members()) {
    const int error =
        hierarchies_.tree()->Write(hierarchy, absl::StrCat(path_, "/cgroup.procs"), absl::StrCat(supervisor));
    if (error != 0) return util::ErrnoStatus(error, absl::StrCat("put the supervisor into the group ", path_));
  }
  return absl::OkStatus();
}

absl::Status SupervisorGroup::Remove() const {
  if (home_ == SupervisorHome::kSystemdScope) return absl::OkStatus();
  absl::Status status;
  for (int hierarchy : Members()) {
    int error = EBUSY;
    for (int attempt = 0; error == EBUSY && attempt < kRemoveAttempts; ++attempt) {
      if (attempt > 0) hierarchies_.tree()->Pause(attempt - 1);
      error = hierarchies_.tree()->RemoveDirectory(hierarchy, path_);
    }
    if (error != 0 && error != ENOENT)
      status.Update(util::ErrnoStatus(error, absl::StrCat("remove the group ", path_)));
  }
  return status;
}

}  // namespace reeve::lxc

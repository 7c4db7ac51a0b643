#include "drivers/lxc/supervisor_group.h"

#include <algorithm>
#include <cerrno>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/time.h"
#include "cgroups/name.h"
#include "cgroups/slice.h"
#include "util/errno.h"
#include "util/files.h"
#include "util/systemd_scope.h"

namespace reeve::lxc {
namespace {

// The end of a process and its leaving of the group are not one moment to rmdir(2).
constexpr int kRemoveAttempts = 50;
// A busy systemd takes its time to let go of a scope of the same name.
constexpr absl::Duration kScopeTimeout = absl::Seconds(30);

std::string ScopeName(absl::string_view uid) {
  return absl::StrCat("reeve-", uid, ".scope");
}

bool IsNamed(const cgroups::Hierarchy& hierarchy, absl::string_view name) {
  return std::find(hierarchy.controllers.begin(), hierarchy.controllers.end(), name) != hierarchy.controllers.end();
}

// The hierarchy that systemd itself looks at: v2 where it is mounted.
const cgroups::Hierarchy* SystemdHierarchy(const cgroups::Hierarchies& hierarchies) {
  if (hierarchies.unified() >= 0) return &hierarchies.all()[static_cast<size_t>(hierarchies.unified())];
  for (const cgroups::Hierarchy& hierarchy : hierarchies.all()) {
    if (IsNamed(hierarchy, "name=systemd")) return &hierarchy;
  }
  return nullptr;
}

// A path of /proc/PID/cgroup as seen below the hierarchy's mount point.
std::string BelowMount(const cgroups::Hierarchy& hierarchy, absl::string_view path) {
  if (hierarchy.root != "/") absl::ConsumePrefix(&path, hierarchy.root);
  absl::ConsumePrefix(&path, "/");
  return std::string(path);
}

}  // namespace

absl::StatusOr<std::string> PartitionOfGuest(SupervisorHome home, const cgroups::Hierarchies& hierarchies,
                                             absl::string_view partition, absl::string_view uid) {
  if (home == SupervisorHome::kGroup) return std::string(partition);
  const cgroups::Hierarchy* hierarchy = SystemdHierarchy(hierarchies);
  if (hierarchy == nullptr) return absl::FailedPreconditionError("systemd's control group hierarchy is not mounted");
  absl::StatusOr<std::string> init = util::ReadFile("/proc/1/cgroup");
  if (!init.ok()) return init.status();
  absl::StatusOr<std::string> slice = cgroups::SliceOfPartition(partition);
  if (!slice.ok()) return slice.status();
  absl::StatusOr<std::string> group = cgroups::GroupOfUnit(*slice, ScopeName(uid));
  if (!group.ok()) return group.status();
  const std::string root = BelowMount(*hierarchy, absl::StrCat("/", cgroups::SystemdRoot(*init)));
  return absl::StrCat("/", root, root.empty() ? "" : "/", *group);
}

absl::StatusOr<SupervisorGroup> SupervisorGroup::Find(const cgroups::Hierarchies& hierarchies,
                                                      absl::string_view partition, absl::string_view uid) {
  absl::StatusOr<std::string> name = cgroups::EscapeName(absl::StrCat(uid, ".supervisor"));
  if (!name.ok()) return name.status();
  absl::StatusOr<std::string> parent = cgroups::ParsePartition(partition);
  if (!parent.ok()) return parent.status();
  const bool scope = absl::EndsWith(*parent, absl::StrCat("/", ScopeName(uid))) || *parent == ScopeName(uid);
  return SupervisorGroup(hierarchies, parent->empty() ? *name : absl::StrCat(*parent, "/", *name),
                         scope ? *parent : std::string(), std::string(uid));
}

absl::StatusOr<SupervisorGroup> SupervisorGroup::Create(const cgroups::Hierarchies& hierarchies,
                                                        absl::string_view partition, absl::string_view uid) {
  absl::StatusOr<SupervisorGroup> group = Find(hierarchies, partition, uid);
  if (!group.ok() || group->in_scope()) return group;
  if (absl::Status status = group->Make(); !status.ok()) return status;
  return group;
}

absl::Status SupervisorGroup::Make() const {
  cgroups::Tree* tree = hierarchies_.tree();
  for (int hierarchy : Members()) {
    int error = tree->MakeDirectory(hierarchy, path_);
    if (error == ENOENT) {
      for (size_t slash = path_.find('/'); slash != std::string::npos; slash = path_.find('/', slash + 1)) {
        error = tree->MakeDirectory(hierarchy, path_.substr(0, slash));
        if (error != 0 && error != EEXIST) break;
      }
      error = tree->MakeDirectory(hierarchy, path_);
    }
    if (error != 0 && error != EEXIST) {
      absl::Status status = util::ErrnoStatus(error, absl::StrCat("make the group ", path_));
      (void)Remove();  // the first error is the one to report
      return status;
    }
  }
  return absl::OkStatus();
}

std::vector<int> SupervisorGroup::Members() const {
  std::vector<int> members;
  for (size_t i = 0; i < hierarchies_.all().size(); ++i) {
    const cgroups::Hierarchy& hierarchy = hierarchies_.all()[i];
    if (hierarchy.version == 2 || IsNamed(hierarchy, "name=systemd")) members.push_back(static_cast<int>(i));
  }
  return members;
}

absl::Status SupervisorGroup::MakeScope(pid_t supervisor) const {
  const std::vector<std::string> parts = absl::StrSplit(scope_, '/');
  std::string slice = parts.size() < 2 ? "-.slice" : parts[parts.size() - 2];
  if (!absl::EndsWith(slice, ".slice")) slice = "-.slice";
  if (slice[0] == '_') slice.erase(0, 1);  // not part of the unit's name (GroupOfUnit)
  absl::Status status = util::MakeSystemdScope(
      {.name = ScopeName(uid_), .description = absl::StrCat("Reeve container ", uid_), .slice = slice}, supervisor,
      kScopeTimeout);
  if (!status.ok()) return status;
  const cgroups::Hierarchy* hierarchy = SystemdHierarchy(hierarchies_);
  absl::StatusOr<std::string> own = util::ReadFile(absl::StrCat("/proc/", supervisor, "/cgroup"));
  if (!own.ok()) return own.status();
  for (absl::string_view line : absl::StrSplit(*own, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3 || fields[1] != (hierarchy->version == 2 ? "" : "name=systemd")) continue;
    if (BelowMount(*hierarchy, fields[2]) == scope_) return absl::OkStatus();
    return absl::InternalError(
        absl::StrCat("systemd has put the supervisor into the group ", fields[2], ", not ", scope_));
  }
  return absl::InternalError("the supervisor is in none of systemd's groups");
}

absl::StatusOr<cgroups::AttachTargets> SupervisorGroup::Targets() const {
  return cgroups::FindTargets({hierarchies_, path_}, Members());
}

absl::Status SupervisorGroup::Add(pid_t supervisor) const {
  if (in_scope()) {
    if (absl::Status status = MakeScope(supervisor); !status.ok()) return status;
    // A v2 group with processes of its own cannot pass controllers on to the guest's.
    if (absl::Status status = Make(); !status.ok()) return status;
  }
  for (int hierarchy : Members()) {
    const int error =
        hierarchies_.tree()->Write(hierarchy, absl::StrCat(path_, "/cgroup.procs"), absl::StrCat(supervisor));
    if (error != 0) return util::ErrnoStatus(error, absl::StrCat("put the supervisor into the group ", path_));
  }
  return absl::OkStatus();
}

absl::Status SupervisorGroup::RemoveDirectory(int hierarchy, const std::string& path) const {
  int error = EBUSY;
  for (int attempt = 0; error == EBUSY && attempt < kRemoveAttempts; ++attempt) {
    if (attempt > 0) hierarchies_.tree()->Pause(attempt - 1);
    error = hierarchies_.tree()->RemoveDirectory(hierarchy, path);
  }
  if (error == 0 || error == ENOENT) return absl::OkStatus();
  return util::ErrnoStatus(error, absl::StrCat("remove the group ", path));
}

absl::Status SupervisorGroup::Remove() const {
  absl::Status status;
  const std::vector<int> members = Members();
  for (int hierarchy : members) status.Update(RemoveDirectory(hierarchy, path_));
  if (!in_scope()) return status;
  // systemd removes the scope's group where it looks at it. If we did, the kernel could drop its word that the group is
  // empty together with the group, and systemd would take the scope for a running one from then on. It knows nothing of
  // other v1 hierarchies, where we have made the group to have the guest's in it.
  for (int hierarchy : hierarchies_.used()) {
    if (std::find(members.begin(), members.end(), hierarchy) == members.end())
      status.Update(RemoveDirectory(hierarchy, scope_));
  }
  return status;
}

}  // namespace reeve::lxc

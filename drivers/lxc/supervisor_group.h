// Where a guest and its supervisor live: apart from the daemon, so that ending the daemon's service does not end the
// guests, and apart from each other, so that killing or freezing the guest's group spares the supervisor.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/group.h"
#include "cgroups/hierarchies.h"

namespace reeve::lxc {

// Who makes the place.
enum class SupervisorHome {
  kGroup,         // we: a group beside the guest's, in the partition of the domain
  kSystemdScope,  // systemd, where it is the host's init: groups are its to make, and what is in none of its units it
                  // may kill
};

// The partition that the groups of one guest are made in: `partition` itself, or the scope `reeve-<uid>.scope` in the
// slice of that partition, "/machine.slice/reeve-<uid>.scope". INVALID_ARGUMENT when it is not a partition.
absl::StatusOr<std::string> PartitionOfGuest(SupervisorHome home, const cgroups::Hierarchies& hierarchies,
                                             absl::string_view partition, absl::string_view uid);

// The group `<uid>.supervisor` of a guest's partition, in the hierarchies that managers of services look at: v2 and
// "name=systemd", whichever the host has. Where the partition is a scope, systemd makes that, delegates it to us and
// removes it with its last process. Limits and usage of the daemon's other groups still apply to the supervisor.
// Copyable, thread-safe; the place outlives the object.
class SupervisorGroup {
 public:
  // Makes the group and the partition. One that is there already is taken. In a scope that is left to Add.
  static absl::StatusOr<SupervisorGroup> Create(const cgroups::Hierarchies& hierarchies, absl::string_view partition,
                                                absl::string_view uid);
  // Names it, to remove one that an earlier daemon has made.
  static absl::StatusOr<SupervisorGroup> Find(const cgroups::Hierarchies& hierarchies, absl::string_view partition,
                                              absl::string_view uid);

  // Whether the partition is a scope of systemd. Then Add comes before the guest's group, which is made in it.
  bool in_scope() const { return !scope_.empty(); }
  // The group above the guest's from which on controllers are ours to enable; "" is the root.
  const std::string& delegated() const { return scope_; }

  // For a supervisor that is born in the group (SpawnSupervisor); not of a scope.
  absl::StatusOr<cgroups::AttachTargets> Targets() const;
  // Moves one that was not.
  absl::Status Add(pid_t supervisor) const;
  // Removes it; guest and supervisor have ended. What is gone is fine. A scope is left to systemd, but for what is of
  // it in hierarchies that systemd does not look at.
  absl::Status Remove() const;

 private:
  SupervisorGroup(cgroups::Hierarchies hierarchies, std::string path, std::string scope, std::string uid)
      : hierarchies_(std::move(hierarchies)), path_(std::move(path)), scope_(std::move(scope)), uid_(std::move(uid)) {}
  std::vector<int> Members() const;
  absl::Status Make() const;
  absl::Status MakeScope(pid_t supervisor) const;
  absl::Status RemoveDirectory(int hierarchy, const std::string& path) const;

  cgroups::Hierarchies hierarchies_;
  std::string path_;
  std::string scope_;  // path of the scope's group; empty without one
  std::string uid_;
};

}  // namespace reeve::lxc

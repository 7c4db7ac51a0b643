// Where a supervisor lives: apart from the daemon, so that ending the daemon's service does not end the guests, and
// apart from the guest, so that killing or freezing the guest's group spares it.
#pragma once

#include <sys/types.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/hierarchies.h"

namespace reeve::lxc {

// Who makes the place.
enum class SupervisorHome {
  kGroup,         // we: a group beside the guest's
  kSystemdScope,  // systemd, where it is the host's init: groups are its to make, and what is in none of its units it
                  // may kill
};

// The group `<partition>/<uid>.supervisor` in the hierarchies that managers of services look at, v2 and "name=systemd",
// whichever the host has; or the scope `reeve-<uid>.scope` of systemd in machine.slice. Limits and usage of the
// daemon's other groups still apply to the supervisor. Copyable, thread-safe; the place outlives the object.
class SupervisorGroup {
 public:
  // Makes the group and the partition. One that is there already is taken. A scope is made by Add.
  static absl::StatusOr<SupervisorGroup> Create(const cgroups::Hierarchies& hierarchies, SupervisorHome home,
                                                absl::string_view partition, absl::string_view uid);
  // Names it, to remove one that an earlier daemon has made.
  static absl::StatusOr<SupervisorGroup> Find(const cgroups::Hierarchies& hierarchies, absl::string_view partition,
                                              absl::string_view uid);

  absl::Status Add(pid_t supervisor) const;
  // Removes it; the supervisor has ended. What is gone is fine. A scope goes by itself.
  absl::Status Remove() const;

 private:
  SupervisorGroup(cgroups::Hierarchies hierarchies, std::string path, std::string uid)
      : hierarchies_(std::move(hierarchies)), path_(std::move(path)), uid_(std::move(uid)) {}
  std::vector<int> Members() const;

  cgroups::Hierarchies hierarchies_;
  SupervisorHome home_ = SupervisorHome::kGroup;
  std::string path_;
  std::string uid_;
};

}  // namespace reeve::lxc

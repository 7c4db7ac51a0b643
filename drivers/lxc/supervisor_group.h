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

// The group `<partition>/<uid>.supervisor` in the hierarchies that managers of services look at: v2 and "name=systemd",
// whichever the host has. Limits and usage of the daemon's other groups still apply to the supervisor. A scope of
// systemd would be another class with these three calls. Copyable, thread-safe; the group outlives the object.
class SupervisorGroup {
 public:
  // Makes it and the partition. One that is there already is taken.
  static absl::StatusOr<SupervisorGroup> Create(const cgroups::Hierarchies& hierarchies, absl::string_view partition,
                                                absl::string_view uid);
  // Names it, to remove one that an earlier daemon has made.
  static absl::StatusOr<SupervisorGroup> Find(const cgroups::Hierarchies& hierarchies, absl::string_view partition,
                                              absl::string_view uid);

  absl::Status Add(pid_t supervisor) const;
  // Removes it; the supervisor has ended. What is gone is fine.
  absl::Status Remove() const;

 private:
  SupervisorGroup(cgroups::Hierarchies hierarchies, std::string path)
      : hierarchies_(std::move(hierarchies)), path_(std::move(path)) {}
  std::vector<int> Members() const;

  cgroups::Hierarchies hierarchies_;
  std::string path_;
};

}  // namespace reeve::lxc

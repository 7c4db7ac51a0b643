#include "cgroups/delegation.h"

#include <cerrno>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cgroups/controller_file.h"
#include "util/errno.h"
#include "util/files.h"

namespace reeve::cgroups {
namespace {

constexpr char kList[] = "/sys/kernel/cgroup/delegate";

// Since Linux 4.15 the kernel says it itself; before, and in a host that hides /sys/kernel, these.
std::vector<std::string> DelegatedFiles() {
  const absl::StatusOr<std::string> content = util::ReadFile(kList);
  if (!content.ok()) return {"cgroup.procs", "cgroup.threads", "cgroup.subtree_control"};
  return absl::StrSplit(*content, '\n', absl::SkipEmpty());
}

bool IsSystemds(const Hierarchy& hierarchy) {
  return hierarchy.controllers.size() == 1 && hierarchy.controllers[0] == "name=systemd";
}

}  // namespace

absl::Status Delegate(const Location& location, uid_t user, gid_t group) {
  for (int index : location.hierarchies.used()) {
    const Hierarchy& hierarchy = location.hierarchies.all()[index];
    if (hierarchy.version == 1 && !IsSystemds(hierarchy)) continue;
    std::vector<std::string> paths = {location.path};
    const std::vector<std::string> files =
        hierarchy.version == 2 ? DelegatedFiles() : std::vector<std::string>{"cgroup.procs", "tasks"};
    for (const std::string& file : files) paths.push_back(JoinPath(location.path, file));
    for (const std::string& path : paths) {
      const int error = location.hierarchies.tree()->ChangeOwner(index, path, user, group);
      // What the kernel lists belongs to controllers that this group may not have.
      if (error == ENOENT && path != location.path) continue;
      if (error != 0) {
        return util::ErrnoStatus(error, absl::StrCat(Label(location.hierarchies, index), ": give ",
                                                     FullPath(location.hierarchies, index, path), " to user ", user));
      }
    }
  }
  return absl::OkStatus();
}

}  // namespace reeve::cgroups

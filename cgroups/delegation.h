// Handing a group over to whoever lives in it.
#pragma once

#include <sys/types.h>

#include "absl/status/status.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

// Lets `user` and `group` make groups below this one and move processes between them: the v2 directory and the files
// that the kernel lists in /sys/kernel/cgroup/delegate as safe to hand over (cgroup-v2.rst, "Delegation") change hands,
// the files that limit the group itself do not. v1 is not handed over: its controllers are not safe against a stranger
// (cgroups(7)); only in "name=systemd", which controls nothing, the directory is. Does nothing without these. Call it
// before a process with a cgroup namespace starts in it.
absl::Status Delegate(const Location& location, uid_t user, gid_t group);

}  // namespace reeve::cgroups

// The files of lxcfs, which show a guest what it may use instead of what the host has (lxcfs(1)).
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "drivers/lxc/launch_plan.h"

namespace reeve::lxc {

// Whether lxcfs is mounted at `directory`, by the text of /proc/self/mountinfo: a file system in user space must not be
// asked itself, as it may hang. Pure.
bool LxcfsIsMounted(absl::string_view mounts, absl::string_view directory);

// Adds the files below `directory` that take the place of those of /proc. Pure.
void PlanLxcfs(const std::string& directory, LaunchPlan* plan);

}  // namespace reeve::lxc

// What of /proc and /sys a guest may not change or see.
#pragma once

#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/failure.h"

namespace reeve::lxc {

// Makes the plan's paths read-only, or hides them: a file by /dev/null, a directory by an empty one. The descriptors are
// those of the guest's /proc, /sys and /dev, attached. What this kernel does not have is left out.
bool Protect(const LaunchPlan& plan, int processes, int system, int devices, Failure* failure);

}  // namespace reeve::lxc

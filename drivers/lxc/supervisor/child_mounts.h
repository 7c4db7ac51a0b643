// The mounts of a guest, made by its first process in its mount namespace.
#pragma once

#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/prepare.h"

namespace reeve::lxc {

// Attaches the root and everything in it and makes it the root directory; nothing of the host's mounts is left then.
// Every path of the plan is resolved inside the guest's root, whatever links the guest has there.
bool BuildMounts(const LaunchPlan& plan, const Preparation& preparation, Failure* failure);

}  // namespace reeve::lxc

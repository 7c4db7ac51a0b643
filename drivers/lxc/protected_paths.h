// What of /proc and /sys a guest may not change or see.
#pragma once

#include "drivers/lxc/launch_plan.h"

namespace reeve::lxc {

// Fills in the paths of the plan. Pure.
void PlanProtectedPaths(LaunchPlan* plan);

}  // namespace reeve::lxc

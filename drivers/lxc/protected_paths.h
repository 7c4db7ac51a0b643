// What of /proc and /sys a guest may not change or see.
#pragma once

#include <string>
#include <vector>

#include "drivers/lxc/launch_plan.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::lxc {

// Whether `path` is one that is protected by default, or "all". Pure.
bool IsProtectedPath(const std::string& path);

// Fills in the paths of the plan: all but those that the specification opens. Pure.
void PlanProtectedPaths(const v1::LxcOptions& options, LaunchPlan* plan);

}  // namespace reeve::lxc

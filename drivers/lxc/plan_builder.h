// From a specification to a launch plan.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "drivers/driver.h"
#include "drivers/lxc/launch_plan.h"

namespace reeve::lxc {

// Pure. The specification has passed ValidateSpec. SPEC_INVALID when there is no root. What depends on the host's
// groups (v1_tasks, memory_events) and the filter of system calls are left open.
absl::StatusOr<LaunchPlan> BuildPlan(const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                                     const std::string& default_partition);

// Single devices, as BuildPlan plans them; `index` is that of the interface among all.
FilesystemPlan PlanFilesystem(const v1::Filesystem& filesystem);
InterfacePlan PlanInterface(const v1::Interface& interface, int index);
InterfacePlan PlanHostInterface(const v1::HostNetworkDevice& device);

}  // namespace reeve::lxc

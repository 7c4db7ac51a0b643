// Which devices a guest may use.
#pragma once

#include "absl/status/statusor.h"
#include "cgroups/device_rules.h"
#include "drivers/lxc/launch_plan.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::lxc {

// Those that every guest may use (memory devices, terminals, fuse: libvirt's list), the nodes of the plan, and what
// DomainSpec.lxc.devices adds. INVALID_ARGUMENT and RESOURCE_EXHAUSTED as DeviceRules::Add. Pure.
absl::StatusOr<cgroups::DeviceRules> DevicesOfGuest(const v1::DomainSpec& spec, const std::vector<NodePlan>& nodes);

}  // namespace reeve::lxc

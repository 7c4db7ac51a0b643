// What a specification takes of the host's devices.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "drivers/lxc/launch_plan.h"
#include "reeve/v1/domain_spec.pb.h"
#include "util/fd.h"

namespace reeve::lxc {

// Finds the devices of a plan: makes images loop devices, finds out which file systems are on devices, and adds the nodes
// of disks, host devices and timers. `held` gets descriptors that have to stay open as long as the guest may run.
// START_FAILED names what is missing.
absl::Status FindHostDevices(const v1::DomainSpec& spec, LaunchPlan* plan, std::vector<util::UniqueFd>* held);

// Name below /dev of the node of the disk, or of the storage or misc device, in `devices`.
std::string NodeNameOf(const v1::Devices& devices);

// The same for what a guest gets while it runs: the file systems of the plan, and nodes of the disks and host devices in
// `devices`.
absl::Status FindAddedDevices(const v1::Devices& devices, DevicePlan* plan, std::vector<util::UniqueFd>* held);

}  // namespace reeve::lxc

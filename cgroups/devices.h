// The devices controller of a group: v1's lists (cgroup-v1/devices.rst), on v2 a BPF program (cgroup-v2.rst, "Device
// controller"). A hybrid host whose kernel has device programs uses them: they change in one step.
#pragma once

#include "absl/status/status.h"
#include "cgroups/device_rules.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

// Allows the group exactly what the rules allow, now and for what it opens from now on; what is open stays open. Call
// it again with the whole list to change it: what both lists allow is allowed all the time. A group allows at most what
// those above it do. After an error the former list, or on v1 something between the two, is in force. Not for two
// threads at once on one group.
absl::Status SetDeviceRules(const Location& location, const DeviceRules& rules);

}  // namespace reeve::cgroups

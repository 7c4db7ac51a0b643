// The host's control groups: for NodeService.GetControlGroups.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "cgroups/hierarchies.h"
#include "reeve/v1/node_control_groups.pb.h"

namespace reeve::node {

// Describes the hierarchies. The files of a controller are those of the daemon's own group (`self_cgroup`,
// /proc/self/cgroup), or of the first group below the root where that is the root, or of the root. Changes nothing.
// `proc` is "/proc" but in tests.
v1::ControlGroups DescribeControlGroups(const cgroups::Hierarchies& hierarchies, const std::string& self_cgroup,
                                        const std::string& proc = "/proc");

// Looks at the host afresh. On a host without control groups all controllers are missing. Thread-safe.
absl::StatusOr<v1::ControlGroups> ReadControlGroups();

}  // namespace reeve::node

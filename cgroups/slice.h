// Where systemd keeps the groups of its slices and scopes (systemd.slice(5), systemd.unit(5)).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/hierarchies.h"

namespace reeve::cgroups {

// The slice for a partition: "/machine/blue" is "machine-blue.slice", "/" is "-.slice". What a unit's name cannot have
// is escaped (systemd-escape(1)). INVALID_ARGUMENT as ParsePartition, and for a name of more than 255 bytes.
absl::StatusOr<std::string> SliceOfPartition(absl::string_view partition);

// The group of a unit in a slice, below systemd's root: "machine-blue.slice" and "a.scope" are
// "machine.slice/machine-blue.slice/a.scope".
absl::StatusOr<std::string> GroupOfUnit(absl::string_view slice, absl::string_view unit);

// Where systemd's root is below the root of the hierarchies, "" on a host and where a container has a cgroup namespace.
// `init_cgroup` is /proc/1/cgroup.
std::string SystemdRoot(absl::string_view init_cgroup);

}  // namespace reeve::cgroups

// Freezing, thawing and killing all processes of a group.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cgroups/hierarchies.h"

namespace reeve::cgroups {

// As the methods of Group. `path` is the group's.
absl::Status Freeze(const Hierarchies& hierarchies, const std::string& path, absl::Duration timeout);
absl::Status Thaw(const Hierarchies& hierarchies, const std::string& path);
absl::StatusOr<bool> IsFrozen(const Hierarchies& hierarchies, const std::string& path);
absl::Status Kill(const Hierarchies& hierarchies, const std::string& path);

}  // namespace reeve::cgroups

// Freezing, thawing and killing all processes of a group.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

inline constexpr absl::Duration kFreezeTimeout = absl::Seconds(5);

// As the methods of Group.
absl::Status Freeze(const Location& location, absl::Duration timeout = kFreezeTimeout);
absl::Status Thaw(const Location& location);
absl::StatusOr<bool> IsFrozen(const Location& location);
absl::Status Kill(const Location& location);

}  // namespace reeve::cgroups

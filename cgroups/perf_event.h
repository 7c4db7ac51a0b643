// The perf_event controller: counting the events of a group's processes.
#pragma once

#include "absl/status/statusor.h"
#include "cgroups/location.h"
#include "util/fd.h"

namespace reeve::cgroups {

// The group for perf_event_open(2) with PERF_FLAG_PID_CGROUP, instead of a pid.
absl::StatusOr<util::UniqueFd> OpenForPerfEvents(const Location& location);

}  // namespace reeve::cgroups

// Pressure: how long processes of a group waited for CPU, memory or disks (Documentation/accounting/psi.rst). The v2
// hierarchy has it for every group, also on a hybrid host.
#pragma once

#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

enum class Resource { kCpu, kMemory, kIo };

// Shares of time, in percent, over the last 10, 60 and 300 seconds, and the time since the group was made.
struct PressureLine {
  double average_10 = 0;
  double average_60 = 0;
  double average_300 = 0;
  uint64_t total_us = 0;
};
struct Pressure {
  PressureLine some;  // at least one process waited
  PressureLine full;  // all that had something to do waited; for CPU of no sense at the host's root
};

// FAILED_PRECONDITION without a v2 hierarchy and when the kernel has pressure switched off (psi=0).
absl::StatusOr<Pressure> ReadPressure(const Location& location, Resource resource);

// Of the text of a pressure file, also those of /proc/pressure. INVALID_ARGUMENT says which line is wrong.
absl::StatusOr<Pressure> ParsePressure(absl::string_view text);

}  // namespace reeve::cgroups

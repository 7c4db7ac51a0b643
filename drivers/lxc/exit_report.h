// From a supervisor's record to what the manager is told.
#pragma once

#include <optional>

#include "drivers/driver.h"
#include "drivers/lxc/messages.h"

namespace reeve::lxc {

// How a guest ended. Without a record the supervisor has died before it could write one, of `supervisor_signal` if that
// is not 0. Pure.
drivers::GuestExit ReportExit(const std::optional<ExitRecord>& record, int supervisor_signal, absl::Time now);

// The same for a guest that Destroy has ended.
drivers::GuestExit ReportDestroyed(const std::optional<ExitRecord>& record, absl::Time now);

// The same for a guest of which a later daemon finds neither supervisor nor record.
drivers::GuestExit ReportVanished(absl::Time now);

}  // namespace reeve::lxc

// The step in which a guest's memory is written and its machine stops, and how it goes on.
#pragma once

#include "absl/status/status.h"
#include "drivers/driver.h"
#include "drivers/xen/driver_context.h"

namespace reeve::xen {

// DOMAIN_STATE for a guest that cannot help: libxenlight needs its answer, which one that is suspended does not give.
absl::Status CheckCanSend(const Guest& guest);

// The caller has claimed the guest. It has stopped afterwards, and is still there; after an error it runs on. CANCELLED.
absl::Status WriteMemory(DriverContext& context, const Guest& guest, int descriptor, bool live,
                         drivers::Progress* progress);

// Lets a guest run on that stands still, whoever said so.
absl::Status LetRunOn(DriverContext& context, const Guest& guest);

}  // namespace reeve::xen

// What a daemon finds when it comes back.
#pragma once

#include <vector>

#include "drivers/driver.h"
#include "drivers/xen/driver_context.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// As HypervisorDriver::Recover. `monitor` handles the ends that wait since the last daemon, and hears of domains from
// now on.
std::vector<drivers::RecoveredDomain> RecoverGuests(DriverContext& context, ToolstackObserver* monitor,
                                                    const std::vector<drivers::KnownDomain>& known);

}  // namespace reeve::xen

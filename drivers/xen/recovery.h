// What a daemon finds when it comes back.
#pragma once

#include <cstdint>
#include <vector>

#include "drivers/driver.h"
#include "drivers/xen/driver_context.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// As HypervisorDriver::Recover. `monitor` handles the ends that wait since the last daemon, and hears of domains from
// now on.
std::vector<drivers::RecoveredDomain> RecoverGuests(DriverContext& context, ToolstackObserver* monitor,
                                                    const std::vector<drivers::KnownDomain>& known);

// A guest whose machine stopped with kSuspend while nobody of ours is at work on it: it goes on if it did so for a
// daemon that is gone, and is left alone if for another toolstack.
void SettleAbandoned(DriverContext& context, uint32_t domid);

}  // namespace reeve::xen

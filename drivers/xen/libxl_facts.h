// What libxenlight tells of a domain, in the words of the driver.
#pragma once

#include "drivers/xen/libxl_library.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// A libxl_shutdown_reason.
StopReason StopReasonOf(int reason);
GuestFacts FactsOf(const libxl_dominfo& info);

}  // namespace reeve::xen

// Room for a guest: Domain-0 gives memory back for it.
#pragma once

#include "absl/status/status.h"
#include "drivers/xen/domain_config.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// Whether Domain-0 may be asked to give memory, as xl(5) decides it with autoballoon="auto": not where the hypervisor's
// command line fixes it (dom0_mem=). Pure.
bool HostMayShrink(const HostFacts& host);

// Before a domain of this configuration is made: takes from Domain-0 what the host lacks, where it may be asked.
// Does nothing where there is enough. RESOURCE_EXHAUSTED when Domain-0 does not give enough, after 3 tries.
absl::Status MakeRoom(Toolstack& toolstack, DomainConfig* config);

}  // namespace reeve::xen

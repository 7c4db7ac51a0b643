// What can be read of a guest that another toolstack made.
#pragma once

#include <libxl.h>

#include "reeve/v1/domain_spec.pb.h"

namespace reeve::xen {

// A specification of what libxenlight's configuration says: type, memory, processors, kernel, disks, interfaces,
// lifecycle. What the model does not have is left out: it is for showing, not for starting the guest again. Pure.
v1::DomainSpec SpecOfConfig(const libxl_domain_config& config);

}  // namespace reeve::xen

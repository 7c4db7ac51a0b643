// Only for formats/xen_sxpr*.cc.
#pragma once

#include "reeve/v1/domain.pb.h"

namespace reeve::formats {

// The domain with all that is open in it filled in as libvirt and xend do, and the many ways to say the default made
// one: two domains that are the same to xend are then equal. Memory is in whole MiB, disks are in libvirt's order.
v1::Domain NormalXenSxprDomain(v1::Domain domain);

}  // namespace reeve::formats

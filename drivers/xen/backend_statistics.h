// What Domain-0's back ends count of a guest's disks and interfaces.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "reeve/v1/domain_spec.pb.h"
#include "reeve/v1/domain_statistics.pb.h"

namespace reeve::xen {

// Adds blocks and interfaces, those that Domain-0 serves itself: xen-blkback's under
// SYSFS/bus/xen-backend/devices/vbd-DOMID-NUMBER/statistics, and those of the interfaces vifDOMID.NUMBER. Disks that
// another program serves (qdisk) are not counted by the kernel and are left out. The numbers of an interface are the
// guest's: what the host sends, it receives. Never waits. Thread-safe.
void AddBackendStatistics(const std::string& sysfs, uint32_t domid, const v1::DomainSpec& spec,
                          v1::DomainStatistics* statistics);

// The number by which Xen knows a disk of this name (xen-vbd-interface(7)): 51712 for "xvda"; 0 if it has none.
uint32_t VirtualDiskNumber(absl::string_view target);

}  // namespace reeve::xen

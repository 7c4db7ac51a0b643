// The configuration space of a PCI function: what only the device itself tells.
#pragma once

#include "absl/strings/string_view.h"
#include "reeve/v1/node_device.pb.h"

namespace reeve::node {

// Fills in the type of the header and PCI Express from the first bytes of the space (PCI Local Bus Specification 3.0,
// chapter 6; PCI Express Base Specification, chapter 7). Who is not root gets 64 of them; what is not there is left
// out. The bytes are the device's own: whatever they are, no harm is done.
void ReadPciConfig(absl::string_view bytes, v1::PciCapability* pci);

}  // namespace reeve::node

// Where a device stands in the kernel's tree of devices (kernel document driver-api/driver-model).
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "drivers/node/sources.h"
#include "reeve/v1/node_device.pb.h"

namespace reeve::node {

// The resource name of what has this entry in sysfs: "nodeDevices/pci_0000_00_1f_2" of "0000:00:1f.2",
// "nodeDevices/usb_1_4_2" of "1-4.2", as with libvirt. Empty for anything that is neither a PCI function nor a USB
// device.
std::string NodeDeviceName(absl::string_view entry);

// The last part of what a link leads to; empty: there is no such link.
std::string LinkName(const std::string& link);

// Fills in path, parent and driver of the device with this directory and entry: the parent is the nearest device above
// it that has a name here, or "computer". A link that leads out of the kernel's tree tells nothing.
void ReadPlace(const Sources& sources, const std::string& directory, absl::string_view entry, v1::NodeDevice* device);

}  // namespace reeve::node

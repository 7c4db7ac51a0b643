// What devices of the host are called, and how they hang together.
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "reeve/v1/node_device_service.pb.h"

namespace reeve::cli {

// The resource name of what a user calls "nodeDevices/pci_0000_00_1f_2", "pci_0000_00_1f_2", "0000:00:1f.2" or
// "00:1f.2". Whether it is one says the daemon.
std::string NodeDeviceName(absl::string_view text);

// As `virsh nodedev-list` prints them, a line each; as a tree below "computer" with what hangs on what. Each device
// comes once, whatever the daemon says of their parents.
std::string NodeDeviceLines(const v1::ListNodeDevicesResponse& list);
std::string NodeDeviceTree(const v1::ListNodeDevicesResponse& list);

}  // namespace reeve::cli

// What PCI functions of the host are called.
#pragma once

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reeve/v1/device_address.pb.h"

namespace reeve::node {

// "0000:00:1f.2", as the kernel writes it: the domain has four digits or more, all digits are small.
std::string PciAddressText(const v1::PciDeviceAddress& address);
// Nothing for any other text.
std::optional<v1::PciDeviceAddress> ParsePciAddress(absl::string_view text);

// "nodeDevices/pci_0000_00_1f_2".
std::string PciDeviceName(const v1::PciDeviceAddress& address);
// NAME_INVALID: each function has this one name.
absl::StatusOr<v1::PciDeviceAddress> ParsePciDeviceName(absl::string_view name);

}  // namespace reeve::node

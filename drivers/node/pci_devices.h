// The PCI functions of the host, as the kernel's sysfs has them (kernel document PCI/sysfs-pci.rst).
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drivers/node/sources.h"
#include "reeve/v1/device_address.pb.h"
#include "reeve/v1/node_device.pb.h"

namespace reeve::node {

// All, ordered by address; one that is taken out meanwhile is left out. None where the host has no PCI. Errors name the
// file. Thread-safe, as all of these.
absl::StatusOr<std::vector<v1::NodeDevice>> ListPciDevices(const Sources& sources = {});

// One of them. NODE_DEVICE_NOT_FOUND.
absl::StatusOr<v1::NodeDevice> ReadPciDevice(const v1::PciDeviceAddress& address, const Sources& sources = {});

// Has the kernel bring a function into the state that it has after power on, whoever uses it. NODE_DEVICE_NOT_FOUND;
// NODE_CANNOT where the kernel knows no way, or its way fails.
absl::Status ResetPciDevice(const v1::PciDeviceAddress& address, const Sources& sources = {});

}  // namespace reeve::node

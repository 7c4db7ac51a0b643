// PCI functions of the host on their way to guests and back: HostAccess of the driver.
#pragma once

#include "absl/status/status.h"
#include "drivers/xen/driver_context.h"
#include "reeve/v1/device_address.pb.h"

namespace reeve::xen {

// Each refuses what a guest has, with NODE_DEVICE_IN_USE and its name, also one of another toolstack; and everything
// while a guest is being given functions. HYPERVISOR_UNAVAILABLE, DRIVER_FAILED. Thread-safe.

// Takes a function from its driver. After an error it has it again, where libxenlight can give it back. NODE_CANNOT
// where Xen has no IOMMU.
absl::Status TakeFromHost(DriverContext& context, const v1::PciDeviceAddress& address);
// Gives it back to the driver from which TakeFromHost, or `xl pci-assignable-add`, has taken it.
absl::Status GiveToHost(DriverContext& context, const v1::PciDeviceAddress& address);
// Also NODE_DEVICE_IN_USE while a driver of the host has it; NODE_CANNOT.
absl::Status ResetHostDevice(DriverContext& context, const v1::PciDeviceAddress& address);

// Gives back what a guest of ours has taken from the host at its start (`managed`), behind its end or behind the detach
// of these devices; waits while another guest is being given some. What fails is logged, and stays with xen-pciback.
void ReturnManaged(DriverContext& context, const Guest& guest);
void ReturnManaged(DriverContext& context, const v1::Devices& devices);

}  // namespace reeve::xen

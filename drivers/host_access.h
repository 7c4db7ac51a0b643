// What a hypervisor driver tells of the host, and does with it for guests. A driver has what it overrides; the rest is
// UNSUPPORTED_BY_DRIVER.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reeve/v1/device_address.pb.h"
#include "reeve/v1/host_capabilities.pb.h"

namespace reeve::drivers {

// Calls may come at any time from any thread, several at the same time, and may block.
class HostAccess {
 public:
  virtual ~HostAccess() = default;

  // The processor as guests can be given it: architecture, vendor, signature, and all its features that have a name,
  // also those of a model; no model.
  virtual absl::StatusOr<v1::HostCpu> Processor() const;

  // Takes a PCI function from the host's driver for guests; gives it back; resets it. The function is there. Done
  // already: no error. NODE_DEVICE_IN_USE with who has it, NODE_CANNOT, DRIVER_FAILED.
  virtual absl::Status DetachFromHost(const v1::PciDeviceAddress& address);
  virtual absl::Status ReattachToHost(const v1::PciDeviceAddress& address);
  virtual absl::Status ResetDevice(const v1::PciDeviceAddress& address);
};

}  // namespace reeve::drivers

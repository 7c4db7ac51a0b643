// What is asked of the host by way of a hypervisor.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "reeve/v1/device_address.pb.h"
#include "reeve/v1/hypervisor_service.pb.h"

namespace reeve::state {

// What is done with a PCI function.
enum class DeviceVerb { kDetach, kReattach, kReset };

// A part of Manager, and by its rules; calls block.
class HostManager {
 public:
  virtual ~HostManager() = default;

  // `hypervisor` as in "hypervisors/xen"; the function is there. Errors as of NodeDeviceService.
  virtual absl::Status ChangeNodeDevice(absl::string_view hypervisor, DeviceVerb verb,
                                        const v1::PciDeviceAddress& address) = 0;

  // Errors as of HypervisorService.
  virtual absl::StatusOr<v1::CpuComparison> CompareCpu(const v1::CompareCpuRequest& request) const = 0;
  virtual absl::StatusOr<v1::CpuBaseline> BaselineCpu(const v1::BaselineCpuRequest& request) const = 0;
};

}  // namespace reeve::state

// What a driver does with the host itself.
#include "daemon/state/core.h"
#include "daemon/state/manager_impl.h"

namespace reeve::state {
namespace {

absl::Status Apply(drivers::HypervisorDriver* driver, DeviceVerb verb, const v1::PciDeviceAddress& address) {
  switch (verb) {
    case DeviceVerb::kDetach:
      return driver->DetachFromHost(address);
    case DeviceVerb::kReattach:
      return driver->ReattachToHost(address);
    case DeviceVerb::kReset:
      return driver->ResetDevice(address);
  }
  return absl::InternalError("there is no such verb");
}

}  // namespace

absl::Status ManagerImpl::ChangeNodeDevice(absl::string_view hypervisor, DeviceVerb verb,
                                           const v1::PciDeviceAddress& address) {
  absl::StatusOr<drivers::HypervisorDriver*> driver = core_->AvailableDriverNamed(hypervisor);
  if (!driver.ok()) return driver.status();
  const absl::Status status = Apply(*driver, verb, address);
  return status.ok() ? status : DriverError(status);
}

}  // namespace reeve::state

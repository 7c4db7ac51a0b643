#include "drivers/host_access.h"

#include "proto/status.h"

namespace reeve::drivers {
namespace {

absl::Status CannotGiveAway() {
  return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "the hypervisor's driver cannot give PCI devices to guests");
}

}  // namespace

absl::StatusOr<v1::HostCpu> HostAccess::Processor() const {
  return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "the hypervisor's driver does not tell what the processor has");
}
absl::Status HostAccess::DetachFromHost(const v1::PciDeviceAddress&) {
  return CannotGiveAway();
}
absl::Status HostAccess::ReattachToHost(const v1::PciDeviceAddress&) {
  return CannotGiveAway();
}
absl::Status HostAccess::ResetDevice(const v1::PciDeviceAddress&) {
  return CannotGiveAway();
}

}  // namespace reeve::drivers

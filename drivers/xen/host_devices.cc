#include "drivers/xen/host_devices.h"

#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "drivers/node/pci_devices.h"
#include "drivers/node/pci_names.h"
#include "drivers/xen/toolstack.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::xen {
namespace {

// The kernel's half of passing through; its module is xen-pciback.
constexpr char kBackEnd[] = "pciback";

PciFunction FunctionOf(const v1::PciDeviceAddress& address) {
  return {address.domain(), address.bus(), address.slot(), address.function()};
}

bool Contains(const std::vector<PciFunction>& functions, const PciFunction& function) {
  return std::find(functions.begin(), functions.end(), function) != functions.end();
}

absl::Status DriverFailed(const absl::Status& status) {
  return WithReason(v1::REASON_DRIVER_FAILED, status);
}

absl::Status InUse(const v1::PciDeviceAddress& address, absl::string_view by) {
  return Error(v1::REASON_NODE_DEVICE_IN_USE, absl::StrCat(by, " has ", node::PciAddressText(address)),
               {{"name", node::PciDeviceName(address)}});
}

absl::Status RefuseGuests(const Toolstack& toolstack, const v1::PciDeviceAddress& address) {
  const absl::StatusOr<std::vector<GuestFacts>> guests = toolstack.List();
  if (!guests.ok()) return DriverFailed(guests.status());
  for (const GuestFacts& guest : *guests) {
    const absl::StatusOr<std::vector<PciFunction>> functions = toolstack.PciOf(guest.domid);
    if (!functions.ok()) return DriverFailed(functions.status());
    if (!Contains(*functions, FunctionOf(address))) continue;
    const absl::StatusOr<std::string> name = toolstack.NameOf(guest.domid);
    return InUse(address, absl::StrCat("the domain ", name.ok() ? *name : absl::StrCat("with id ", guest.domid)));
  }
  return absl::OkStatus();
}

// One change at a time, and none while guests are given functions: what RefuseGuests has seen stays so.
class Turn {
 public:
  explicit Turn(DriverContext& context, const v1::PciDeviceAddress& address)
      : turn_(context.host_device_turn()), lock_(context.host_devices(), std::try_to_lock) {
    status_ = context.RefuseUnavailable();
    // A start may take long: who waits for it here would keep others from the daemon's workers.
    if (status_.ok() && !lock_.owns_lock()) {
      status_ = Error(v1::REASON_NODE_DEVICE_IN_USE, "a guest is being given PCI functions at this moment: try again");
    }
    if (status_.ok()) status_ = RefuseGuests(context.toolstack(), address);
  }
  const absl::Status& status() const { return status_; }

 private:
  const std::lock_guard<std::mutex> turn_;
  const std::unique_lock<std::shared_mutex> lock_;
  absl::Status status_;
};

// Without an IOMMU libxenlight takes a function from its driver, gives it to nobody, and does not give it back either.
absl::Status RequireIommu(const Toolstack& toolstack) {
  const absl::StatusOr<HostFacts> host = toolstack.Host();
  if (!host.ok()) return DriverFailed(host.status());
  if (host->iommu) return absl::OkStatus();
  return Error(v1::REASON_NODE_CANNOT,
               "Xen has no IOMMU here, without which no guest can have PCI functions (see the machine's firmware)");
}

absl::StatusOr<bool> IsAssignable(const Toolstack& toolstack, const PciFunction& function) {
  const absl::StatusOr<std::vector<PciFunction>> functions = toolstack.AssignablePci();
  if (!functions.ok()) return DriverFailed(functions.status());
  return Contains(*functions, function);
}

// To the driver that had it; one that the host has already stays so.
absl::Status Return(Toolstack& toolstack, const PciFunction& function) {
  const absl::StatusOr<bool> assignable = IsAssignable(toolstack, function);
  if (!assignable.ok()) return assignable.status();
  if (!*assignable) return absl::OkStatus();
  const absl::Status status = toolstack.ReturnPciToHost(function);
  return status.ok() ? status : DriverFailed(status);
}

// `status` with what can be done about it, where that is known.
absl::Status Explained(const DriverContext& context, const absl::Status& status) {
  const std::string back_end = absl::StrCat(context.sysfs(), "/bus/pci/drivers/", kBackEnd);
  if (access(back_end.c_str(), F_OK) == 0) return DriverFailed(status);
  return WithContext("the kernel's module xen-pciback is not loaded (modprobe xen-pciback)", DriverFailed(status));
}

}  // namespace

absl::Status TakeFromHost(DriverContext& context, const v1::PciDeviceAddress& address) {
  const Turn turn(context, address);
  if (!turn.status().ok()) return turn.status();
  Toolstack& toolstack = context.toolstack();
  if (absl::Status status = RequireIommu(toolstack); !status.ok()) return status;
  const PciFunction function = FunctionOf(address);
  const absl::StatusOr<bool> before = IsAssignable(toolstack, function);
  if (!before.ok()) return before.status();
  const absl::Status status = toolstack.MakePciAssignable(function);
  if (status.ok()) return status;
  if (!*before && IsAssignable(toolstack, function).value_or(false)) {
    const absl::Status undone = toolstack.ReturnPciToHost(function);
    if (!undone.ok()) util::LogError("give ", node::PciAddressText(address), " back to the host: ", undone.message());
  }
  return Explained(context, status);
}

absl::Status GiveToHost(DriverContext& context, const v1::PciDeviceAddress& address) {
  const Turn turn(context, address);
  return turn.status().ok() ? Return(context.toolstack(), FunctionOf(address)) : turn.status();
}

void ReturnManaged(DriverContext& context, const Guest& guest) {
  if (!guest.foreign) ReturnManaged(context, guest.spec.devices());
}

void ReturnManaged(DriverContext& context, const v1::Devices& devices) {
  for (const v1::HostDevice& device : devices.host_devices()) {
    if (!device.pci().managed()) continue;
    v1::PciDeviceAddress address;
    address.set_domain(device.pci().domain());
    address.set_bus(device.pci().bus());
    address.set_slot(device.pci().slot());
    address.set_function(device.pci().function());
    const std::lock_guard<std::mutex> turn(context.host_device_turn());
    const std::unique_lock<std::shared_mutex> lock(context.host_devices());
    absl::Status status = RefuseGuests(context.toolstack(), address);
    if (status.ok()) status = Return(context.toolstack(), FunctionOf(address));
    if (!status.ok()) {
      util::LogWarn("give ", node::PciAddressText(address), " back to the host: ", status.message());
    }
  }
}

absl::Status ResetHostDevice(DriverContext& context, const v1::PciDeviceAddress& address) {
  const Turn turn(context, address);
  if (!turn.status().ok()) return turn.status();
  node::Sources sources;
  sources.sys = context.sysfs();
  const absl::StatusOr<v1::NodeDevice> device = node::ReadPciDevice(address, sources);
  if (!device.ok()) return device.status();
  if (!device->driver().empty() && device->driver() != kBackEnd) {
    return InUse(address, absl::StrCat("the host's driver ", device->driver()));
  }
  return node::ResetPciDevice(address, sources);
}

}  // namespace reeve::xen

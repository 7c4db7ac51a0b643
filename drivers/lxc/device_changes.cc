#include "drivers/lxc/device_changes.h"

#include <sched.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "drivers/lxc/device_list.h"
#include "drivers/lxc/guest_calls.h"
#include "drivers/lxc/host_devices.h"
#include "drivers/lxc/plan_builder.h"
#include "proto/status.h"

namespace reeve::lxc {
namespace {

using drivers::DeviceChange;

absl::Status Unsupported(absl::string_view field, absl::string_view description) {
  absl::Status status = Error(v1::REASON_SPEC_UNSUPPORTED, absl::StrCat(field, ": ", description));
  AddFieldViolation(&status, field, description);
  return status;
}

absl::Status Failed(const absl::Status& status) {
  return status.ok() ? status : Error(v1::REASON_DRIVER_FAILED, status.message());
}

// One change: what the supervisor is asked to do, and how that is taken back.
struct Errand {
  TaskKind kind = TaskKind::kAttachNode;
  TaskKind opposite = TaskKind::kDetachNode;
  DevicePlan devices;
  std::vector<util::UniqueFd> backing;
};

absl::Status Tell(const std::shared_ptr<EventLoop>& loop, Container* container, TaskKind kind, const Errand& errand) {
  TaskRequest request;
  request.kind = kind;
  request.devices = EncodeDevices(errand.devices);
  return ChangeGuest(loop, container, request, errand.backing.empty() ? -1 : errand.backing.front().get());
}

// Makes the plan what the guest has after the errand.
void Note(TaskKind kind, const DevicePlan& devices, LaunchPlan* plan) {
  for (const NodePlan& node : devices.nodes) {
    std::erase_if(plan->nodes, [&](const NodePlan& present) { return present.name == node.name; });
    if (kind == TaskKind::kAttachNode) plan->nodes.push_back(node);
  }
  for (const FilesystemPlan& filesystem : devices.filesystems) {
    std::erase_if(plan->filesystems, [&](const FilesystemPlan& present) { return present.target == filesystem.target; });
    if (kind == TaskKind::kAttachFilesystem) plan->filesystems.push_back(filesystem);
  }
  for (const InterfacePlan& interface : devices.interfaces) {
    const auto found = std::find_if(plan->interfaces.begin(), plan->interfaces.end(),
                                    [&](const InterfacePlan& present) { return IsSame(present, interface); });
    if (kind == TaskKind::kUpdateInterface && found != plan->interfaces.end()) *found = interface;
    if (kind == TaskKind::kDetachInterface && found != plan->interfaces.end()) plan->interfaces.erase(found);
    if (kind == TaskKind::kAttachInterface) plan->interfaces.push_back(interface);
  }
}

// What is allowed is allowed before the device is there, and until it is gone.
absl::Status Do(const std::shared_ptr<EventLoop>& loop, Container* container, const Errand& errand,
                const v1::DomainSpec& after) {
  const LaunchPlan before = container->plan();
  LaunchPlan planned = before;
  Note(errand.kind, errand.devices, &planned);
  const bool adds = errand.kind == TaskKind::kAttachNode;
  const auto allow = [&](const LaunchPlan& plan) -> absl::Status {
    if (errand.devices.nodes.empty()) return absl::OkStatus();
    absl::StatusOr<cgroups::DeviceRules> rules = DevicesOfGuest(after, plan.nodes);
    return rules.ok() ? container->SetDevices(*rules) : rules.status();
  };
  if (adds) {
    if (absl::Status status = allow(planned); !status.ok()) return status;
  }
  absl::Status status = Tell(loop, container, errand.kind, errand);
  if (status.ok()) {
    status = container->ReplacePlan(planned);
    if (status.ok() && !adds) status = allow(planned);
    if (status.ok()) return status;
    if (absl::Status undone = Tell(loop, container, errand.opposite, errand); !undone.ok()) {
      status = WithContext(absl::StrCat("(and it could not be taken back: ", undone.message(), ")"), status);
    }
    if (absl::Status written = container->ReplacePlan(before); !written.ok()) {
      status = WithContext(absl::StrCat("(and the plan could not be written: ", written.message(), ")"), status);
    }
  }
  if (adds) {
    if (absl::Status denied = allow(before); !denied.ok()) {
      status = WithContext(absl::StrCat("(and the device stays allowed: ", denied.message(), ")"), status);
    }
  }
  return status;
}

// The first of eth0, eth1 ... that no interface of the guest has.
std::string FreeName(const LaunchPlan& plan) {
  for (int number = 0;; ++number) {
    const std::string name = absl::StrCat("eth", number);
    if (std::none_of(plan.interfaces.begin(), plan.interfaces.end(),
                     [&](const InterfacePlan& interface) { return interface.guest_name == name; })) {
      return name;
    }
  }
}

absl::StatusOr<InterfacePlan> UpdatedInterface(const LaunchPlan& plan, const v1::Interface& wanted,
                                               const v1::DomainSpec& before) {
  InterfacePlan interface = PlanInterface(wanted, 0);
  const auto present = std::find_if(plan.interfaces.begin(), plan.interfaces.end(),
                                    [&](const InterfacePlan& one) { return IsSame(one, interface); });
  const auto former =
      std::find_if(before.devices().interfaces().begin(), before.devices().interfaces().end(),
                   [&](const v1::Interface& one) { return one.mac_address() == wanted.mac_address(); });
  if (present == plan.interfaces.end() || former == before.devices().interfaces().end()) {
    return Unsupported("devices.interfaces", "its type cannot be changed while the container runs");
  }
  if (present->kind != InterfaceKind::kPair) {
    return Unsupported(
        "devices.interfaces",
        present->kind == InterfaceKind::kMacvlan
            ? "an interface of type direct (a macvlan) is in the container as a whole: its parent and mode are "
              "fixed when it is made, and it has no end on the host where its link could be cut or its "
              "bandwidth limited; detach it and attach it anew"
            : "an interface of the host is in the container as a whole: it has no other end on the host where "
              "its link could be cut or its bandwidth limited; detach it and attach it anew");
  }
  v1::Interface left = *former;
  v1::Interface right = wanted;
  for (v1::Interface* side : {&left, &right}) {
    side->clear_link_up();
    side->clear_bandwidth();
    if (side->type() == v1::Interface::TYPE_BRIDGE) side->clear_source();
    // A name that was not asked for is that which it has.
    side->clear_target_device();
  }
  if (left.SerializeAsString() != right.SerializeAsString() ||
      (!wanted.target_device().empty() && wanted.target_device() != former->target_device())) {
    return Unsupported("devices.interfaces",
                       "only bridge, bandwidth and link state can be changed while the container runs");
  }
  InterfacePlan updated = *present;
  updated.bridge = interface.bridge;
  updated.up = interface.up;
  updated.to_guest = interface.to_guest;
  updated.from_guest = interface.from_guest;
  return updated;
}

absl::Status ChangeInterface(const std::shared_ptr<EventLoop>& loop, Container* container, DeviceChange change,
                             InterfacePlan interface, bool named, const v1::DomainSpec& after) {
  Errand errand;
  const LaunchPlan plan = container->plan();
  if ((plan.namespaces & CLONE_NEWNET) == 0) {
    return Unsupported("devices.interfaces", "the container has no network of its own");
  }
  if (change == DeviceChange::kAttach) {
    errand.kind = TaskKind::kAttachInterface;
    errand.opposite = TaskKind::kDetachInterface;
    if (!named) interface.guest_name = FreeName(plan);
  } else {
    errand.kind = TaskKind::kDetachInterface;
    errand.opposite = TaskKind::kAttachInterface;
    for (const InterfacePlan& present : plan.interfaces) {
      if (IsSame(present, interface)) interface = present;
    }
  }
  errand.devices.interfaces.push_back(std::move(interface));
  return Do(loop, container, errand, after);
}

absl::Status ChangeFilesystem(const std::shared_ptr<EventLoop>& loop, Container* container, DeviceChange change,
                              const v1::Filesystem& filesystem, const v1::DomainSpec& after) {
  if (filesystem.target().find_first_not_of('/') == std::string::npos) {
    return Unsupported("devices.filesystems", "the root cannot be changed while the container runs");
  }
  Errand errand;
  errand.kind = TaskKind::kAttachFilesystem;
  errand.opposite = TaskKind::kDetachFilesystem;
  if (change == DeviceChange::kDetach) std::swap(errand.kind, errand.opposite);
  errand.devices.filesystems.push_back(PlanFilesystem(filesystem));
  if (change == DeviceChange::kAttach) {
    if (absl::Status status = FindAddedDevices({}, &errand.devices, &errand.backing); !status.ok()) return status;
    errand.devices.filesystems[0].held = -1;  // what holds it goes along
  } else {
    for (const FilesystemPlan& present : container->plan().filesystems) {
      if (present.target == filesystem.target()) errand.devices.filesystems[0] = present;
    }
  }
  return Do(loop, container, errand, after);
}

absl::Status ChangeNode(const std::shared_ptr<EventLoop>& loop, Container* container, DeviceChange change,
                        const v1::Devices& device, const v1::DomainSpec& after) {
  Errand errand;
  errand.kind = TaskKind::kAttachNode;
  errand.opposite = TaskKind::kDetachNode;
  if (change == DeviceChange::kDetach) {
    std::swap(errand.kind, errand.opposite);
    const std::string name = NodeNameOf(device);
    for (const NodePlan& present : container->plan().nodes) {
      if (present.name == name) errand.devices.nodes.push_back(present);
    }
    if (errand.devices.nodes.empty()) {
      return Error(v1::REASON_DEVICE_NOT_FOUND, absl::StrCat("the container has no /dev/", name), {{"device", name}});
    }
  } else {
    if (absl::Status status = FindAddedDevices(device, &errand.devices, &errand.backing); !status.ok()) return status;
    for (NodePlan& node : errand.devices.nodes) node.held = -1;
  }
  return Do(loop, container, errand, after);
}

absl::Status Change(const std::shared_ptr<EventLoop>& loop, Container* container, DeviceChange change,
                    const v1::Devices& device, const v1::DomainSpec& before, const v1::DomainSpec& after) {
  if (change == DeviceChange::kUpdate) {
    if (device.interfaces().empty()) {
      return Unsupported("devices", "only interfaces can be changed while the container runs");
    }
    absl::StatusOr<InterfacePlan> updated = UpdatedInterface(container->plan(), device.interfaces(0), before);
    if (!updated.ok()) return updated.status();
    Errand errand;
    errand.kind = errand.opposite = TaskKind::kUpdateInterface;
    errand.devices.interfaces.push_back(*std::move(updated));
    return Do(loop, container, errand, after);
  }
  if (!device.interfaces().empty()) {
    const v1::Interface& interface = device.interfaces(0);
    return ChangeInterface(loop, container, change, PlanInterface(interface, 0), !interface.guest_device().empty(),
                           after);
  }
  if (!device.filesystems().empty()) return ChangeFilesystem(loop, container, change, device.filesystems(0), after);
  if (!device.host_devices().empty() && device.host_devices(0).has_network()) {
    return ChangeInterface(loop, container, change, PlanHostInterface(device.host_devices(0).network()), true, after);
  }
  if (!device.host_devices().empty() || !device.disks().empty()) {
    return ChangeNode(loop, container, change, device, after);
  }
  return Unsupported("devices", "only disks, file systems, interfaces and host devices come and go while it runs");
}

}  // namespace

absl::Status ChangeDevice(const std::shared_ptr<EventLoop>& loop, Container* container, DeviceChange change,
                          const v1::Devices& device, const v1::DomainSpec& before, const v1::DomainSpec& after) {
  absl::Status status = Change(loop, container, change, device, before, after);
  switch (ReasonOf(status)) {
    case v1::REASON_SPEC_UNSUPPORTED:
    case v1::REASON_DEVICE_NOT_FOUND:
    case v1::REASON_DOMAIN_STATE:
      return status;
    default:
      return Failed(status);
  }
}

}  // namespace reeve::lxc

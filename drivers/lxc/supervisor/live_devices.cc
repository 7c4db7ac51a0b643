#include "drivers/lxc/supervisor/live_devices.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "drivers/lxc/messages.h"
#include "drivers/lxc/supervisor/netlink.h"
#include "drivers/lxc/supervisor/nodes.h"

namespace reeve::lxc {
namespace {

template <typename Plans, typename Predicate>
auto FindIn(Plans& plans, Predicate predicate) {
  return std::find_if(plans.begin(), plans.end(), predicate);
}

}  // namespace

bool LiveDevices::IsOurs(TaskKind kind) {
  switch (kind) {
    case TaskKind::kAttachNode:
    case TaskKind::kDetachNode:
    case TaskKind::kAttachInterface:
    case TaskKind::kDetachInterface:
    case TaskKind::kUpdateInterface:
      return true;
    default:
      return false;
  }
}

bool LiveDevices::Change(TaskKind kind, const DevicePlan& devices, util::UniqueFd backing, Failure* failure) {
  const bool node = kind == TaskKind::kAttachNode || kind == TaskKind::kDetachNode;
  if (devices.nodes.size() != (node ? 1 : 0) || devices.interfaces.size() != (node ? 0 : 1)) {
    return FailWith(failure, Step::kReadPlan, EBADMSG, "the request");
  }
  switch (kind) {
    case TaskKind::kAttachNode:
      return AttachNode(devices.nodes[0], std::move(backing), failure);
    case TaskKind::kDetachNode:
      return DetachNode(devices.nodes[0], failure);
    case TaskKind::kAttachInterface:
      return AttachInterface(devices.interfaces[0], failure);
    case TaskKind::kDetachInterface:
      return DetachInterface(devices.interfaces[0], failure);
    case TaskKind::kUpdateInterface:
      return UpdateInterface(devices.interfaces[0], failure);
    default:
      return FailWith(failure, Step::kReadPlan, ENOSYS, "the request");
  }
}

void LiveDevices::Note(TaskKind kind, const DevicePlan& devices, util::UniqueFd backing) {
  for (const FilesystemPlan& filesystem : devices.filesystems) {
    if (kind == TaskKind::kAttachFilesystem) {
      plan_->filesystems.push_back(filesystem);
      if (backing) backing_[filesystem.target] = std::move(backing);
      continue;
    }
    const auto found =
        FindIn(plan_->filesystems, [&](const FilesystemPlan& plan) { return plan.target == filesystem.target; });
    if (found == plan_->filesystems.end()) continue;
    Release(found->held, found->target);
    plan_->filesystems.erase(found);
  }
}

bool LiveDevices::AttachNode(const NodePlan& node, util::UniqueFd backing, Failure* failure) {
  const uint32_t user = OutsideId(plan_->users, 0);
  const uint32_t group = OutsideId(plan_->groups, 0);
  if (!MakeNode(guest_->devices.get(), node, user, group)) {
    return Fail(failure, Step::kMakeDevices, "/dev/" + node.name);
  }
  plan_->nodes.push_back(node);
  if (backing) backing_[node.name] = std::move(backing);
  return true;
}

bool LiveDevices::DetachNode(const NodePlan& node, Failure* failure) {
  const auto found = FindIn(plan_->nodes, [&](const NodePlan& plan) { return plan.name == node.name; });
  if (found == plan_->nodes.end()) return FailWith(failure, Step::kRemoveDevice, ENOENT, "/dev/" + node.name);
  if (!RemoveNode(guest_->devices.get(), *found)) return Fail(failure, Step::kRemoveDevice, "/dev/" + node.name);
  Release(found->held, found->name);
  plan_->nodes.erase(found);
  return true;
}

bool LiveDevices::AttachInterface(const InterfacePlan& interface, Failure* failure) {
  LaunchPlan one;
  one.interfaces.push_back(interface);
  const util::UniqueFd processes(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const util::UniqueFd network = Network();
  if (!processes || !network) return Fail(failure, Step::kMakeInterface, interface.guest_name);
  if (!MakeInterfaces(one, guest_->pid, processes.get(), &guest_->borrowed, failure)) return false;
  // Its address is set from within the guest's network.
  const util::UniqueFd netlink = OpenNetlinkIn(network.get());
  if (netlink && ConfigureInterface(netlink.get(), interface, failure)) {
    plan_->interfaces.push_back(interface);
    return true;
  }
  if (!netlink) Fail(failure, Step::kMakeInterface, interface.guest_name);
  Failure undone;
  if (interface.kind == InterfaceKind::kHost) {
    (void)ReturnInterface(&guest_->borrowed, interface.parent, &undone);
  } else {
    (void)RemoveInterface(interface, network.get(), &undone);
  }
  return false;
}

bool LiveDevices::DetachInterface(const InterfacePlan& interface, Failure* failure) {
  const auto found =
      FindIn(plan_->interfaces, [&](const InterfacePlan& plan) { return IsSame(plan, interface); });
  if (found == plan_->interfaces.end()) return FailWith(failure, Step::kRemoveInterface, ENODEV, interface.guest_name);
  const util::UniqueFd network = Network();
  if (!network) return Fail(failure, Step::kRemoveInterface, interface.guest_name);
  if (found->kind == InterfaceKind::kHost) {
    if (!ReturnInterface(&guest_->borrowed, found->parent, failure)) return false;
  } else if (!RemoveInterface(*found, network.get(), failure) && failure->error != ENODEV) {
    return false;  // with ENODEV the guest has removed it
  }
  plan_->interfaces.erase(found);
  return true;
}

bool LiveDevices::UpdateInterface(const InterfacePlan& interface, Failure* failure) {
  const auto found =
      FindIn(plan_->interfaces, [&](const InterfacePlan& plan) { return IsSame(plan, interface); });
  if (found == plan_->interfaces.end()) return FailWith(failure, Step::kChangeInterface, ENODEV, interface.guest_name);
  if (!lxc::UpdateInterface(*found, interface, failure)) {
    Failure undone;
    (void)lxc::UpdateInterface(interface, *found, &undone);
    return false;
  }
  *found = interface;
  return true;
}

void LiveDevices::Release(int held, const std::string& name) {
  if (held >= 0) (void)close(kFirstHeldDescriptor + held);
  backing_.erase(name);
}

util::UniqueFd LiveDevices::Network() const {
  const std::string path = "/proc/" + std::to_string(guest_->pid) + "/ns/net";
  return util::UniqueFd(open(path.c_str(), O_RDONLY | O_CLOEXEC));
}

}  // namespace reeve::lxc

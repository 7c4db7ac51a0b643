// Devices of a guest that change while it runs.
#pragma once

#include <map>
#include <string>

#include "drivers/lxc/guest_task.h"
#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/failure.h"
#include "drivers/lxc/supervisor/launch.h"
#include "util/fd.h"

namespace reeve::lxc {

// Keeps the plan as the guest is, for its next start, and what backs devices. Not thread-safe; `plan` and `guest` outlive
// it.
class LiveDevices {
 public:
  LiveDevices(LaunchPlan* plan, Guest* guest) : plan_(plan), guest_(guest) {}

  // Whether a task of this kind is done by Change; the others of this file are a helper's, and noted when they are done.
  static bool IsOurs(TaskKind kind);
  // Does it, within milliseconds. `backing` keeps a device there, or is empty. After a failure the guest is as it was.
  bool Change(TaskKind kind, const DevicePlan& devices, util::UniqueFd backing, Failure* failure);
  // A helper has attached or detached a file system.
  void Note(TaskKind kind, const DevicePlan& devices, util::UniqueFd backing);

 private:
  bool AttachNode(const NodePlan& node, util::UniqueFd backing, Failure* failure);
  bool DetachNode(const NodePlan& node, Failure* failure);
  bool AttachInterface(const InterfacePlan& interface, Failure* failure);
  bool DetachInterface(const InterfacePlan& interface, Failure* failure);
  bool UpdateInterface(const InterfacePlan& interface, Failure* failure);
  // Lets go of what backs a device: of the first launch, or of an attachment.
  void Release(int held, const std::string& name);
  util::UniqueFd Network() const;

  LaunchPlan* const plan_;
  Guest* const guest_;
  std::map<std::string, util::UniqueFd> backing_;  // by name of a node, or target of a file system
};

}  // namespace reeve::lxc

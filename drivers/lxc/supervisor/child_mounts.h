// The first process's part in the mounts of a guest.
#pragma once

#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/prepare.h"

namespace reeve::lxc {

// Detached file systems of the kernel that show the namespaces of whoever makes them.
struct KernelMounts {
  util::UniqueFd processes;  // proc
  util::UniqueFd system;     // sysfs; empty where only the host's can be had
  util::UniqueFd queues;     // mqueue; empty where the IPC namespace is not the guest's own
};

// Makes them, for the namespaces of the calling process. With a user namespace that takes a mount namespace of it, which a
// helper process enters for this.
bool MakeKernelMounts(const LaunchPlan& plan, KernelMounts* mounts, Failure* failure);

// Makes what is missing of the places that the supervisor mounts at, in the root before it is attached: /proc, /sys, /dev
// and, where the root will be read-only, those of file systems.
bool MakePlaces(const LaunchPlan& plan, const Preparation& preparation, Failure* failure);

// Takes a copy of the stage, moves what is on it to its places and makes it the root directory; nothing of the stage or
// the host's mounts is left then. Every path of the plan is resolved inside the guest's root, whatever links the guest has
// there.
bool TakeStage(const LaunchPlan& plan, Failure* failure);

}  // namespace reeve::lxc

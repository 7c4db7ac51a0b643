// The stage: a mount namespace of the host's user namespace in which the supervisor puts a guest's mounts together. The
// guest's own namespace is a copy of it, made inside the guest's user namespace: so the kernel locks all of it, and the
// guest's root can neither make writable what is read-only nor see what is hidden (mount_namespaces(7)).
#pragma once

#include <sys/types.h>

#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/child_mounts.h"
#include "drivers/lxc/supervisor/prepare.h"

namespace reeve::lxc {

// The supervisor's visit to a stage. Everything on it goes when the visit has ended and the guest has its copy.
// One at a time in a process that has one thread.
class Stage {
 public:
  // Leaves the stage, if it was entered.
  ~Stage() { Leave(); }
  Stage() = default;
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  // Goes to a new stage, on which none of the host's mounts is. `directory_of_processes` stays the host's /proc.
  bool Enter(Failure* failure);
  // Shifts the owners of the detached mounts that are to be shifted by the id map of the user namespace of `pid`.
  bool MapOwners(const LaunchPlan& plan, const Preparation& preparation, pid_t pid, Failure* failure);
  // The same of one file system.
  bool MapSource(const Source& source, const FilesystemPlan& filesystem, pid_t pid, Failure* failure);
  // Puts one file system below kStageSources, by its number.
  bool PlaceSource(const Source& source, const FilesystemPlan& filesystem, size_t number, Failure* failure);
  // Puts the mounts in their places: the root with /proc, /sys and /dev as kStageRoot, each file system below
  // kStageSources.
  bool Build(const LaunchPlan& plan, const Preparation& preparation, const KernelMounts& kernel, Failure* failure);
  // For a process that is not to come back: it leaves the stage by entering the guest, or by its end.
  void Forget() { host_.Reset(); }
  // Back to the host's mounts. The supervisor cannot go on when this fails.
  void Leave();

  // The host's /proc.
  int directory_of_processes() const { return processes_.get(); }

 private:
  util::UniqueFd host_;
  util::UniqueFd processes_;
  util::UniqueFd top_;
};

}  // namespace reeve::lxc

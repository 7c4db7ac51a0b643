// The supervisor's side of a launch.
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/links.h"
#include "drivers/lxc/supervisor/prepare.h"

namespace reeve::lxc {

// The first process of a guest. Not thread-safe.
struct Guest {
  pid_t pid = 0;
  util::UniqueFd pidfd;
  util::UniqueFd channel;     // to the first process; held only when it waited for Proceed
  int64_t start_time_ns = 0;  // CLOCK_REALTIME
  BorrowedInterfaces borrowed;
  util::UniqueFd devices;  // the tmpfs that is its /dev
};

// Nanoseconds of CLOCK_REALTIME.
int64_t RealTime();

// Makes the first process, has it set up the guest and execute init; with plan.paused it is left before the exec.
// The supervisor is on a stage (stage.h) meanwhile. `group` is the group's v2 directory or -1. After a failure nothing of the guest is left but what the kernel still
// removes by itself (a network namespace with its interfaces).
bool Launch(const LaunchPlan& plan, Preparation* preparation, int group, Guest* guest, Failure* failure);

// Lets a guest that waits execute init. A failure then shows as its end, and HeardFailure tells of it.
bool Proceed(Guest* guest);
bool HeardFailure(const Guest& guest, Failure* failure);

}  // namespace reeve::lxc

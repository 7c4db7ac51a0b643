// The first process of a guest, from its birth to the exec of init.
#pragma once

#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/prepare.h"

namespace reeve::lxc {

// What supervisor and first process tell each other over their socket pair (SOCK_SEQPACKET), one byte each but for
// kFailed, which is followed by the step, the errno (4 bytes, the host's order) and the object. The end of the socket
// after kExecuting means that the exec has succeeded.
enum class ChildWord : char {
  kMapped = 'm',     // to the child: your ids are mapped
  kMounts = 'k',     // from the child: places are made; descriptors: KernelMounts, as kMountsSystem and kMountsQueues say
  kBuilt = 'b',      // to the child: the stage is ready
  kAttached = 'a',   // to the child: your interfaces are there
  kProceed = 'p',    // to the child: execute
  kReady = 'r',      // from the child: all but the exec is done (only when plan.paused)
  kExecuting = 'x',  // from the child: the exec comes now
  kFailed = 'f',
};

// The second byte of kMounts: which descriptors follow that of proc.
inline constexpr char kMountsSystem = 1;
inline constexpr char kMountsQueues = 2;

// Says one of the words that are one byte. False: errno.
bool Say(int socket, ChildWord word);

// Runs in the child; returns only as init, that is never.
[[noreturn]] void RunChild(const LaunchPlan& plan, const Preparation& preparation, int socket);

}  // namespace reeve::lxc

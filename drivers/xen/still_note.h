// The note that a guest of ours carries while it stands still for a reason that outlives the daemon.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// Why the machine of a guest has stopped with kSuspend (the last: is paused), and what a later daemon does with it.
enum class StillReason {
  kNone,      // it runs, or another toolstack is at work on it
  kSending,   // its memory is being written: it goes on
  kHanded,    // another host may run it: it is left as it is
  kAsleep,    // it was put to sleep: it is left as it is
  kArriving,  // it came from a file or another host, and nobody was told that it is here: it is destroyed
};

absl::Status WriteStillNote(Toolstack& toolstack, uint32_t domid, StillReason reason);
// kNone where there is no note or none that can be read.
StillReason ReadStillNote(const Toolstack& toolstack, uint32_t domid);

}  // namespace reeve::xen

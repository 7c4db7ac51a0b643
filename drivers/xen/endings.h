// What follows when a guest's machine stops.
#pragma once

#include <string>

#include "absl/time/time.h"
#include "drivers/driver.h"
#include "drivers/xen/toolstack.h"
#include "reeve/v1/domain.pb.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::xen {

// What is done with a stopped guest.
struct Aftermath {
  bool dump_core = false;
  bool restart = false;   // made anew with its specification
  bool preserve = false;  // left as it is, for the administrator
};

// By the specification's lifecycle actions. A watchdog that fires counts as a crash. Pure.
Aftermath AftermathOf(StopReason reason, const v1::LifecycleActions& actions);

// The state of a guest that stopped for this reason while it is preserved: CRASHED or SHUTDOWN. Pure.
v1::DomainState KeptStateOf(StopReason reason);

// How a guest that stopped for this reason has ended. Pure.
drivers::GuestExit ExitOf(StopReason reason, absl::Time now);
// How one has ended that somebody destroyed behind the daemon's back.
drivers::GuestExit DestroyedByAnother(absl::Time now);
// How one has ended that Destroy ended.
drivers::GuestExit DestroyedByUs(absl::Time now);
// How one has ended that could not be made anew.
drivers::GuestExit RestartFailed(const std::string& why, absl::Time now);

}  // namespace reeve::xen

// One line of log for each call.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/services/call_facts.h"

namespace reeve::services {

// Writes how a call ended: who, what, how long, why it failed. Faults of Reeve are errors; failed changes and refusals
// are worth an info; the rest is for debugging. This is the one place where an error of a call is logged.
void LogCall(const CallFacts& call, const absl::Status& status, absl::Duration duration);

// A call that was refused before it had a handler; `peer` is gRPC's name of the transport.
void LogRefusal(absl::string_view peer, absl::string_view method, const absl::Status& status);

}  // namespace reeve::services

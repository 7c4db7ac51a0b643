// Waiting for long jobs.
#pragma once

#include "absl/status/statusor.h"
#include "cli/context.h"
#include "reeve/v1/operation.pb.h"

namespace reeve::cli {

// What Ctrl-C does.
enum class InterruptMeans {
  kCancel,       // asks the daemon to cancel the job and waits on; a second one stops waiting
  kStopWaiting,  // CANCELLED
};

// Waits for the end of `operation` and shows its progress. Its failure comes back as the error.
absl::StatusOr<v1::Operation> FollowOperation(Context& context, v1::Operation operation,
                                              InterruptMeans interrupt = InterruptMeans::kCancel);

}  // namespace reeve::cli

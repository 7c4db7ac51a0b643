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

// What a command does with the operation that it has begun: prints its name (`detach`), or follows it to its end and
// prints `done`, or `failure` and the cause. Gives the exit code.
int FinishOperation(Context& context, const v1::Operation& operation, bool detach, absl::string_view failure,
                    absl::string_view done);

}  // namespace reeve::cli

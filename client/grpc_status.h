// gRPC's status as ours.
#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace reeve::client {

// The error of a call with the reason and details that the daemon sent (trailer grpc-status-details-bin); a status
// without details keeps its code and message.
absl::Status FromGrpcStatus(const grpc::Status& status);

}  // namespace reeve::client

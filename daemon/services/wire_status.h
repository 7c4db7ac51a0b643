// Errors as gRPC sends them.
#pragma once

#include <grpcpp/support/status.h>

#include "absl/status/status.h"

namespace reeve::services {

// Code and message of the status, with a google.rpc.Status as details. All of it travels in HTTP/2 trailers, of which
// clients take 8 KiB and fail the call otherwise: violations beyond what fits are left out, then long texts cut.
grpc::Status ToWireStatus(const absl::Status& status);

}  // namespace reeve::services

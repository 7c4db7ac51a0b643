// Unix sockets as gRPC channels.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "util/fd.h"

namespace reeve::client {

// Connects to the socket at `path`. UNAVAILABLE, PERMISSION_DENIED, INVALID_ARGUMENT (a path longer than a socket address
// holds).
absl::StatusOr<util::UniqueFd> ConnectUnixSocket(const std::string& path);

// The same, and gives the connection to gRPC.
absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectUnix(const std::string& path);

}  // namespace reeve::client

// Connected sockets as gRPC channels.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "util/fd.h"

namespace reeve::client {

// Gives a connected stream socket to gRPC. Connecting here and not in gRPC gives errors that say what to do, one
// connection a channel, and no reconnection that nobody hears of. `name` is for the error.
absl::StatusOr<std::shared_ptr<grpc::Channel>> ChannelFromFd(util::UniqueFd socket, const std::string& name);

}  // namespace reeve::client

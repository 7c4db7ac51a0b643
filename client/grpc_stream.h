// RawStream over a gRPC channel.
#pragma once

#include <grpcpp/channel.h>

#include <memory>

#include "absl/status/statusor.h"
#include "client/stream.h"

namespace reeve::client {

// Starts the streaming call `path` ("/package.Service/Method"). The channel is kept as long as the stream.
absl::StatusOr<std::unique_ptr<RawStream>> StartGrpcStream(std::shared_ptr<grpc::Channel> channel, const char* path);

}  // namespace reeve::client

// A program whose standard input and output are the connection to a daemon, as a gRPC channel.
#pragma once

#include <grpcpp/channel.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"

namespace reeve::client {

// Starts `command` (found by PATH, without a shell) and waits until the daemon behind it speaks; it may ask on the
// terminal for a password meanwhile. It ends when the channel does: its standard input is closed then, and a thread
// collects it. When it ends before the daemon spoke, the error has what it wrote to its standard error, at most the
// last 4 KiB, and its code says whether trying again can help: UNAUTHENTICATED when ssh(1) says that it was refused,
// FAILED_PRECONDITION when the far host lacks the program, else UNAVAILABLE. INVALID_ARGUMENT when it cannot be
// executed. While `interrupt_fd` (-1: none) is readable, it is given up (CANCELLED).
absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectTunnel(const std::vector<std::string>& command, int interrupt_fd);

}  // namespace reeve::client

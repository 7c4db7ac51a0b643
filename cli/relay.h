// Bytes passed on between a pair of descriptors and a socket.
#pragma once

#include "absl/status/status.h"

namespace reeve::cli {

// Passes on what `input` gives to `socket`, and what `socket` gives to `output`, until the socket's far end is done;
// the end of the input is told to it (shutdown(2)) while its answers still come. Memory is 64 KiB each way: who reads
// slowly makes the other side wait. The descriptors stay the caller's, and are non-blocking meanwhile. An error when
// one of them fails; that the reader of `output` or the far end is gone is none. SIGPIPE must be ignored.
absl::Status Relay(int input, int output, int socket);

}  // namespace reeve::cli

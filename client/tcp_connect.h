// Connecting by TCP.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "util/fd.h"

namespace reeve::client {

// Waiting that may be given up.
struct Patience {
  absl::Time deadline;
  int interrupt_fd = -1;  // not owned
};

// Waits until `socket` is ready for `events` (poll(2)). CANCELLED, DEADLINE_EXCEEDED.
absl::Status AwaitSocket(int socket, short events, const Patience& patience);

// Tries the addresses of `host`, a name or an address, in the resolver's order, each for a fair part of the time. The
// socket is non-blocking, without Nagle's delay. UNAVAILABLE says what became of the last one.
absl::StatusOr<util::UniqueFd> ConnectTcp(const std::string& host, uint16_t port, const Patience& patience);

}  // namespace reeve::client

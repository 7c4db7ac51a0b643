// Whether the daemon still answers, as a client would find it.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace reeve {

// Connects to the daemon's own Unix socket and waits for what a server says first: the SETTINGS frame of HTTP/2 (RFC
// 9113, section 3.4). That needs the accepting thread, the table of connections and gRPC's poller. A connection that is
// closed at once, because there are too many clients, is a sign of life, too. DEADLINE_EXCEEDED when nothing comes in
// time. Blocks.
absl::Status CheckLiveness(const std::string& socket_path, absl::Duration timeout);

}  // namespace reeve

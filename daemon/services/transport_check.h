// Does gRPC name a transport by its descriptor?
#pragma once

#include <functional>

#include "absl/status/status.h"
#include "daemon/connections/table.h"

namespace reeve::services {

// Hands one end of a socketpair to the server, which is entered in the table meanwhile, and makes a call on the other:
// the call must be found to come from that entry. The name "fd:N" is not documented upstream, so this is asked of the
// very library that is linked; the daemon must not serve when it fails.
absl::Status CheckTransportNames(connections::Table* table, const std::function<void(int descriptor)>& hand_over);

}  // namespace reeve::services

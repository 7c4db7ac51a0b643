// Who the daemon takes this program for, and how safely the two talk.
#pragma once

#include "absl/status/statusor.h"
#include "cli/context.h"
#include "reeve/v1/session_service.pb.h"

namespace reeve::cli {

// The session, with `encrypted` and `secure` of the whole way (client::Uri): the daemon sees its own end alone, which
// for ssh is a Unix socket.
absl::StatusOr<v1::Session> GetSession(Context& context);

}  // namespace reeve::cli

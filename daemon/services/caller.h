// On whose behalf a call changes something.
#pragma once

#include "daemon/services/call.h"
#include "daemon/state/manager.h"

namespace reeve::services {

inline state::Caller CallerOf(const Call& call) {
  return {.identity = call.connection().peer.identity,
          .method = std::string(call.method()),
          .connection = call.connection().number};
}

}  // namespace reeve::services

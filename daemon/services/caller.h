// On whose behalf a call reads or changes something.
#pragma once

#include "daemon/services/call.h"
#include "daemon/state/manager.h"

namespace reeve::services {

inline state::Caller CallerOf(const Call& call) {
  return {.identity = call.connection().Identity(),
          .method = std::string(call.method()),
          .connection = call.connection().number,
          .access = call.access()};
}

}  // namespace reeve::services

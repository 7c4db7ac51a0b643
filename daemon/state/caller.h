// Who asks the manager for something, and how he is answered.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "auth/access.h"

namespace reeve::state {

// On whose behalf something is read or changed.
struct Caller {
  std::string identity;     // "unix:alice(1000)"; also the scope of request ids and page tokens
  std::string method;       // "/reeve.v1.DomainService/StartDomain"
  uint64_t connection = 0;  // number of the connection, 0 for the daemon itself
  // What it may do with which objects; never null.
  auth::Access::Pointer access = auth::Access::Everything();
};

// Takes the answer of a change; called once, from any thread.
template <typename Response>
using Done = std::function<void(absl::StatusOr<Response>)>;

}  // namespace reeve::state

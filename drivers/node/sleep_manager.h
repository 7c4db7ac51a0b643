// Who puts the host to sleep.
#pragma once

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reeve/v1/node_service.pb.h"
#include "util/fd.h"

namespace reeve::node {

// Thread-safe; blocks for an answer, at most 10 seconds.
class SleepManager {
 public:
  virtual ~SleepManager() = default;
  // Whether the host can sleep in this way, and may now. NODE_CANNOT.
  virtual absl::Status Check(v1::SuspendTarget target) = 0;
  // Puts it to sleep as soon as the descriptor is closed, but some seconds later at the latest. NODE_CANNOT when it is
  // refused: then it stays awake.
  virtual absl::StatusOr<util::UniqueFd> Sleep(v1::SuspendTarget target) = 0;
};

// systemd-logind (org.freedesktop.login1(5)), over the system bus or the one that `address` names.
std::unique_ptr<SleepManager> MakeLogind(std::string address = "");

}  // namespace reeve::node

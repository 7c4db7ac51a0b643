// Signals as something to read.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "util/fd.h"

namespace reeve {

// SIGTERM, SIGINT and SIGHUP come through a descriptor (signalfd(2)). Not thread-safe.
class Signals {
 public:
  // Blocks them, and SIGPIPE, for this thread and those it starts later: call it before there are others. A child
  // process inherits the mask and must clear it.
  static absl::StatusOr<Signals> Block();

  // The next signal; none when `timeout` passes first.
  absl::StatusOr<std::optional<int>> Wait(absl::Duration timeout);

 private:
  explicit Signals(util::UniqueFd fd) : fd_(std::move(fd)) {}

  util::UniqueFd fd_;
};

}  // namespace reeve

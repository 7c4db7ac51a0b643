// One daemon per root directory.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "util/fd.h"

namespace reeve {

// Held from Acquire to the end of the process, also by kill -9: it is a flock(2), which the kernel drops with the last
// descriptor. The file stays and holds the pid of the last daemon. Move-only.
class InstanceLock {
 public:
  // ALREADY_EXISTS when another daemon holds it; the message has its pid.
  static absl::StatusOr<InstanceLock> Acquire(const std::string& path);

 private:
  explicit InstanceLock(util::UniqueFd fd) : fd_(std::move(fd)) {}

  util::UniqueFd fd_;
};

}  // namespace reeve

// New UUIDs. Thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"

namespace reeve::util {

// A random UUID (RFC 4122 version 4) from getrandom(2): 36 lower-case characters with hyphens. Fails only where the
// kernel has no getrandom.
absl::StatusOr<std::string> NewUuid();

}  // namespace reeve::util

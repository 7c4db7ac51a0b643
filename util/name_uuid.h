// UUIDs that follow from a name. Thread-safe.
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::util {

using UuidBytes = std::array<uint8_t, 16>;

// The UUID of `name` in a name space (version 5 of RFC 9562, 5.5: SHA-1), the same every time: 36 lower-case characters
// with hyphens. Fails only where OpenSSL does not offer SHA-1.
absl::StatusOr<std::string> NameUuid(const UuidBytes& name_space, absl::string_view name);

}  // namespace reeve::util

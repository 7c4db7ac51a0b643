// Percent encoding of URIs (RFC 3986 2.1).
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::client {

// `text` with every %XX replaced. INVALID_ARGUMENT for a '%' without two hexadecimal digits, and for control
// characters, encoded or not: a NUL would cut a path short.
absl::StatusOr<std::string> PercentDecode(absl::string_view text);

// `text` with everything but the unreserved characters of RFC 3986 2.3 as %XX.
std::string PercentEncode(absl::string_view text);

}  // namespace reeve::client

// SHA-256 (FIPS 180-4).
#pragma once

#include <string>

#include "absl/strings/string_view.h"

namespace reeve::util {

// The 32 bytes.
std::string Sha256(absl::string_view bytes);

}  // namespace reeve::util

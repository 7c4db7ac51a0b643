// Which format a file has. Pure function, thread-safe.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/registry.h"

namespace reeve::cli {

// By what its text begins with and has, then by the end of its name, and only where that is unambiguous.
// INVALID_ARGUMENT names the formats that it may be: xl and xm share a syntax.
absl::StatusOr<formats::Format> GuessFormat(absl::string_view file, absl::string_view text);

}  // namespace reeve::cli

// UUIDs for what a document leaves without: by chance, or always the same. Thread-safe.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::formats {

// For ConvertOptions::make_uuid. Deterministic: of version 5 (RFC 9562), from `what` alone. Else of version 4.
std::function<absl::StatusOr<std::string>(absl::string_view what)> UuidMaker(bool deterministic);

}  // namespace reeve::formats

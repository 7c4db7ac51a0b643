// The text form of UUIDs (RFC 4122). Pure functions, thread-safe. New ones come from util/uuid.h.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::formats {

// `text` as 36 lower-case characters with hyphens. Takes what libvirt takes: 32 hexadecimal digits of any case, with or
// without hyphens between them. Else SPEC_INVALID.
absl::StatusOr<std::string> ParseUuid(absl::string_view text);

}  // namespace reeve::formats

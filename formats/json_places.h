// Where in a JSON text (RFC 8259) something is: protobuf's parser says what is wrong, and of what field, but not where. Pure
// functions, thread-safe; nesting costs no stack.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace reeve::formats {

// OK when the text is JSON; otherwise DOCUMENT_MALFORMED, with line and column.
absl::Status CheckJson(absl::string_view text);

// The offset of the key of a field, by the path that protobuf's messages have: "spec.devices.disks[1].source", in either
// form of the names (memoryKib, memory_kib). The last one of several. Nothing when there is none or the text is no JSON.
std::optional<size_t> FindJsonKey(absl::string_view text, absl::string_view path);

}  // namespace reeve::formats

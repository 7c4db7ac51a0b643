// Questions about text that every format asks. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace reeve::formats {

// The place of the first byte that is not part of valid UTF-8 (RFC 3629: no surrogates, nothing beyond U+10FFFF,
// shortest form); nothing when all is valid.
std::optional<size_t> FindInvalidUtf8(absl::string_view text);
inline bool IsValidUtf8(absl::string_view text) {
  return !FindInvalidUtf8(text).has_value();
}

// Whether there is a C0 control character, DEL, or a C1 control character (U+0080 to U+009F). `text` is UTF-8.
bool HasControlCharacter(absl::string_view text);
// The same, but line ends and tabs are allowed.
bool HasControlCharacterInLines(absl::string_view text);

// The place of the first of them, where carriage returns are allowed, too: of a whole document.
std::optional<size_t> FindControlCharacter(absl::string_view text);

// Whether the first or last character is a space, also U+00A0 and U+3000.
bool HasBlankAtEnds(absl::string_view text);

// `text` fit for a message: control characters and invalid bytes as \xNN, and no longer than `max_bytes`, then "...".
std::string Printable(absl::string_view text, size_t max_bytes = 80);

}  // namespace reeve::formats

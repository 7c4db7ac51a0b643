// Text for a terminal.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace reeve::cli {

// `text` made harmless: control characters, bytes that are not UTF-8, and the invisible characters that change the
// direction of writing come out as \xNN, a byte each. A name cannot then move the cursor or look like another one.
std::string Escape(absl::string_view text);

// Whether all of `text` is well-formed UTF-8.
bool IsUtf8(absl::string_view text);

// Columns that an escaped text takes on a terminal: 2 for wide characters, 0 for combining ones.
size_t DisplayWidth(absl::string_view text);

// "hello" for "HELLO", words divided by blanks for underlines: what is left of an enum's name behind its prefix.
std::string Words(absl::string_view enum_name, absl::string_view prefix);

// "Hello" for "hello".
std::string Capitalized(std::string text);

}  // namespace reeve::cli

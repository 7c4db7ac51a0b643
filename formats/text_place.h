// Where in a text something is.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/string_view.h"

namespace reeve::formats {

// Both count from 1; columns count characters, not bytes.
struct TextPlace {
  int line = 1;
  int column = 1;
};

// The place of the byte at `offset`; of the end when it lies beyond.
TextPlace PlaceOf(absl::string_view text, size_t offset);

// "line 3 column 7".
std::string ToString(const TextPlace& place);

}  // namespace reeve::formats

#include "formats/text_place.h"

#include <algorithm>

#include "absl/strings/str_cat.h"

namespace reeve::formats {

TextPlace PlaceOf(absl::string_view text, size_t offset) {
  TextPlace place;
  const absl::string_view before = text.substr(0, std::min(offset, text.size()));
  for (const char character : before) {
    if (character == '\n') {
      ++place.line;
      place.column = 1;
    } else if ((static_cast<unsigned char>(character) & 0xC0) != 0x80) {
      ++place.column;
    }
  }
  return place;
}

std::string ToString(const TextPlace& place) {
  return absl::StrCat("line ", place.line, " column ", place.column);
}

}  // namespace reeve::formats

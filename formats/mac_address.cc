#include "formats/mac_address.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"

namespace reeve::formats {

std::optional<std::string> NormalMacAddress(absl::string_view text) {
  std::string normal;
  size_t place = 0;
  for (int byte = 0; byte < 6; ++byte) {
    if (byte > 0) {
      if (place >= text.size() || text[place] != ':') return std::nullopt;
      ++place;
      normal.push_back(':');
    }
    size_t digits = 0;
    while (digits < 2 && place + digits < text.size() && absl::ascii_isxdigit(text[place + digits])) ++digits;
    if (digits == 0) return std::nullopt;
    if (digits == 1) normal.push_back('0');
    for (; digits > 0; --digits) normal.push_back(absl::ascii_tolower(text[place++]));
  }
  if (place != text.size()) return std::nullopt;
  return normal;
}

bool IsUnicastMac(absl::string_view normal) {
  const char digit = normal[1];
  const int low = absl::ascii_isdigit(digit) ? digit - '0' : digit - 'a' + 10;
  return low % 2 == 0;
}

std::string MacAddressOfUuid(absl::string_view prefix, absl::string_view uuid) {
  const absl::string_view end = uuid.substr(uuid.size() - 6);
  return absl::StrCat(prefix, ":", end.substr(0, 2), ":", end.substr(2, 2), ":", end.substr(4));
}

}  // namespace reeve::formats

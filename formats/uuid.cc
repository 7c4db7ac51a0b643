#include "formats/uuid.h"

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "formats/text.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr size_t kDigits = 32;

absl::Status Invalid(absl::string_view text) {
  const std::string shown = Printable(text);
  return Error(v1::REASON_SPEC_INVALID, absl::StrCat("'", shown, "' is not a UUID: 32 hexadecimal digits are wanted"),
               {{"uuid", shown}});
}

bool HyphenBefore(size_t digit) {
  return digit == 8 || digit == 12 || digit == 16 || digit == 20;
}

}  // namespace

absl::StatusOr<std::string> ParseUuid(absl::string_view text) {
  std::string uuid;
  uuid.reserve(36);
  size_t digits = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto character = static_cast<unsigned char>(text[i]);
    if (character == '-') {
      // One hyphen at a time, and none at the ends.
      if (digits == 0 || digits == kDigits || text[i - 1] == '-') return Invalid(text);
      continue;
    }
    if (!absl::ascii_isxdigit(character) || digits == kDigits) return Invalid(text);
    if (HyphenBefore(digits)) uuid.push_back('-');
    uuid.push_back(absl::ascii_tolower(character));
    ++digits;
  }
  if (digits != kDigits) return Invalid(text);
  return uuid;
}

}  // namespace reeve::formats

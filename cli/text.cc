#include "cli/text.h"

#include <wchar.h>

#include <clocale>
#include <cstdint>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"

namespace reeve::cli {
namespace {

// One character of UTF-8 (RFC 3629) at the start of `text`: its number and length. A length of 0 tells malformed text.
struct Character {
  uint32_t number = 0;
  size_t length = 0;
};

Character Decode(absl::string_view text) {
  const auto byte = [&text](size_t i) { return static_cast<uint8_t>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const size_t length = byte(0) >= 0xf0 ? 4 : byte(0) >= 0xe0 ? 3 : 2;
  if (byte(0) < 0xc2 || byte(0) > 0xf4 || text.size() < length) return {};
  uint32_t number = byte(0) & (0x7f >> length);
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return {};
    number = number << 6 | (byte(i) & 0x3f);
  }
  constexpr uint32_t kFirstOfLength[] = {0, 0, 0x80, 0x800, 0x10000};
  if (number < kFirstOfLength[length] || number > 0x10ffff || (number >= 0xd800 && number < 0xe000)) return {};
  return {number, length};
}

bool IsHarmful(uint32_t number) {
  return number < 0x20 || (number >= 0x7f && number < 0xa0) ||  // control characters
         number == 0x61c || number == 0x200e || number == 0x200f || (number >= 0x202a && number <= 0x202e) ||
         (number >= 0x2066 && number <= 0x2069) ||                    // direction of writing (Unicode UAX 9)
         number == 0x2028 || number == 0x2029 ||                      // line and paragraph separators
         (number >= 0x200b && number <= 0x200d) || number == 0xfeff;  // no width at all
}

}  // namespace

std::string Escape(absl::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    const Character character = Decode(text);
    const size_t length = character.length == 0 ? 1 : character.length;
    if (character.length == 0 || IsHarmful(character.number)) {
      for (size_t i = 0; i < length; ++i) {
        absl::StrAppend(&result, "\\x", absl::Hex(static_cast<uint8_t>(text[i]), absl::kZeroPad2));
      }
    } else {
      absl::StrAppend(&result, text.substr(0, length));
    }
    text.remove_prefix(length);
  }
  return result;
}

bool IsUtf8(absl::string_view text) {
  while (!text.empty()) {
    const size_t length = Decode(text).length;
    if (length == 0) return false;
    text.remove_prefix(length);
  }
  return true;
}

size_t DisplayWidth(absl::string_view text) {
  size_t width = 0;
  locale_t utf8 = nullptr;
  locale_t previous = nullptr;
  while (!text.empty()) {
    const Character character = Decode(text);
    if (character.number < 0x80) {
      ++width;
    } else {
      // wcwidth(3) knows the widths of the locale only; C.UTF-8 is always there.
      if (utf8 == nullptr) {
        utf8 = ::newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr);
        if (utf8 != nullptr) previous = ::uselocale(utf8);
      }
      const int columns = utf8 == nullptr ? 1 : ::wcwidth(static_cast<wchar_t>(character.number));
      width += columns < 0 ? 1 : static_cast<size_t>(columns);
    }
    text.remove_prefix(character.length == 0 ? 1 : character.length);
  }
  if (utf8 != nullptr) {
    ::uselocale(previous);
    ::freelocale(utf8);
  }
  return width;
}

std::string Words(absl::string_view enum_name, absl::string_view prefix) {
  std::string words = absl::AsciiStrToLower(absl::StripPrefix(enum_name, prefix));
  for (char& c : words) {
    if (c == '_') c = ' ';
  }
  return words;
}

std::string Capitalized(std::string text) {
  if (!text.empty()) text[0] = absl::ascii_toupper(static_cast<unsigned char>(text[0]));
  return text;
}

}  // namespace reeve::cli

#include "formats/text.h"

#include <cstdint>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace reeve::formats {
namespace {

uint8_t ByteAt(absl::string_view text, size_t offset) {
  return static_cast<uint8_t>(text[offset]);
}

bool IsContinuation(absl::string_view text, size_t offset) {
  return offset < text.size() && (ByteAt(text, offset) & 0xC0) == 0x80;
}

// The length of the character that starts at `offset`, 0 when none does: table 3-7 of the Unicode standard.
size_t CharacterLength(absl::string_view text, size_t offset) {
  const uint8_t first = ByteAt(text, offset);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4 || !IsContinuation(text, offset + 1)) return 0;
  if (first < 0xE0) return 2;
  const uint8_t second = ByteAt(text, offset + 1);
  if (!IsContinuation(text, offset + 2)) return 0;
  if (first < 0xF0) {
    if (first == 0xE0 && second < 0xA0) return 0;
    if (first == 0xED && second > 0x9F) return 0;
    return 3;
  }
  if (!IsContinuation(text, offset + 3)) return 0;
  if (first == 0xF0 && second < 0x90) return 0;
  if (first == 0xF4 && second > 0x8F) return 0;
  return 4;
}

bool IsControl(absl::string_view text, size_t offset) {
  const uint8_t byte = ByteAt(text, offset);
  if (byte < 0x20 || byte == 0x7F) return true;
  return byte == 0xC2 && offset + 1 < text.size() && ByteAt(text, offset + 1) < 0xA0;
}

}  // namespace

std::optional<size_t> FindInvalidUtf8(absl::string_view text) {
  size_t offset = 0;
  while (offset < text.size()) {
    const size_t length = CharacterLength(text, offset);
    if (length == 0) return offset;
    offset += length;
  }
  return std::nullopt;
}

bool HasControlCharacter(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsControl(text, i)) return true;
  }
  return false;
}

bool HasControlCharacterInLines(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsControl(text, i) && text[i] != '\n' && text[i] != '\t') return true;
  }
  return false;
}

std::optional<size_t> FindControlCharacter(absl::string_view text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (IsControl(text, i) && text[i] != '\n' && text[i] != '\t' && text[i] != '\r') return i;
  }
  return std::nullopt;
}

bool HasBlankAtEnds(absl::string_view text) {
  for (absl::string_view blank : {" ", "\t", "\n", "\u00A0", "\u3000"}) {
    if (absl::StartsWith(text, blank) || absl::EndsWith(text, blank)) return true;
  }
  return false;
}

std::string Printable(absl::string_view text, size_t max_bytes) {
  std::string result;
  size_t offset = 0;
  while (offset < text.size()) {
    if (result.size() >= max_bytes) return result + "...";
    const size_t length = CharacterLength(text, offset);
    if (length == 0 || IsControl(text, offset)) {
      absl::StrAppend(&result, "\\x", absl::Hex(ByteAt(text, offset), absl::kZeroPad2));
      ++offset;
    } else {
      absl::StrAppend(&result, text.substr(offset, length));
      offset += length;
    }
  }
  return result;
}

}  // namespace reeve::formats

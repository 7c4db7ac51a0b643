#include "formats/xml_number.h"

#include <cstdlib>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "formats/scaled_size.h"
#include "formats/text.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

std::optional<uint64_t> ReadInBase(XmlReader* reader, const XmlValue& value, int base, uint64_t max) {
  const absl::string_view text = absl::StripAsciiWhitespace(value.text);
  uint64_t number = 0;
  bool fits = true;
  bool digits = !text.empty();
  for (const char character : text) {
    int digit = 99;
    if (absl::ascii_isdigit(character)) digit = character - '0';
    if (absl::ascii_isxdigit(character) && !absl::ascii_isdigit(character)) {
      digit = absl::ascii_tolower(character) - 'a' + 10;
    }
    digits = digits && digit < base;
    if (!digits) break;
    fits = fits && number <= (max - std::min<uint64_t>(max, digit)) / base && number * base + digit <= max;
    if (fits) number = number * base + digit;
  }
  if (!digits) {
    reader->Invalid(value, absl::StrCat("is '", Printable(value.text), "', not a whole number"));
    return std::nullopt;
  }
  if (!fits) {
    reader->Invalid(value, absl::StrCat("is ", Printable(text), ", more than ", max));
    return std::nullopt;
  }
  return number;
}

struct Size {
  XmlValue number;
  absl::string_view unit;
};

constexpr XmlAttributeRule<Size> kSizeAttributes[] = {
    {"unit", [](XmlReader*, const XmlValue& value, Size* size) { size->unit = value.text; }},
};

}  // namespace

std::optional<uint64_t> ReadAnyNumber(XmlReader* reader, const XmlValue& value, uint64_t max) {
  XmlValue rest = value;
  rest.text = absl::StripAsciiWhitespace(value.text);
  int base = 10;
  if (absl::StartsWithIgnoreCase(rest.text, "0x")) {
    base = 16;
    rest.text.remove_prefix(2);
  } else if (rest.text.size() > 1 && rest.text[0] == '0') {
    base = 8;
  }
  return ReadInBase(reader, rest, base, max);
}

std::optional<uint64_t> ReadOctal(XmlReader* reader, const XmlValue& value, uint64_t max) {
  return ReadInBase(reader, value, 8, max);
}

std::optional<uint64_t> ReadBytes(XmlReader* reader, pugi::xml_node element) {
  Size size;
  ReadXml<Size>(reader, element,
                {.attributes = kSizeAttributes,
                 .text = [](XmlReader*, const XmlValue& value, Size* out) { out->number = value; }},
                &size);
  const auto number = reader->Unsigned(size.number);
  if (!number) return std::nullopt;
  const auto bytes = ScaledBytes(*number, size.unit, "bytes");
  if (bytes.ok()) return *bytes;
  reader->Invalid(element, bytes.status().message());
  return std::nullopt;
}

}  // namespace reeve::formats

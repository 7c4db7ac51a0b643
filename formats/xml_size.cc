#include "formats/xml_size.h"

#include "formats/scaled_size.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

struct Size {
  absl::string_view unit;
  XmlValue number;
};

constexpr XmlAttributeRule<Size> kAttributes[] = {
    {"unit", [](XmlReader*, const XmlValue& value, Size* size) { size->unit = value.text; }},
};

}  // namespace

std::optional<uint64_t> ReadKibibytes(XmlReader* reader, pugi::xml_node element, absl::string_view default_unit) {
  Size size;
  ReadXml<Size>(
      reader, element,
      {.attributes = kAttributes, .text = [](XmlReader*, const XmlValue& value, Size* out) { out->number = value; }},
      &size);
  const auto number = reader->Unsigned(size.number);
  if (!number) return std::nullopt;
  const auto kibibytes = ScaledKibibytes(*number, size.unit, default_unit);
  if (kibibytes.ok()) return *kibibytes;
  reader->Invalid(element, kibibytes.status().message());
  return std::nullopt;
}

void WriteKibibytes(XmlWriter* writer, absl::string_view name, uint64_t kibibytes) {
  writer->Begin(name).Attribute("unit", "KiB").Text(absl::StrCat(kibibytes)).End();
}

}  // namespace reeve::formats

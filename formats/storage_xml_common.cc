#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "formats/storage_xml_sections.h"
#include "formats/xml_messages.h"
#include "formats/xml_number.h"

namespace reeve::formats {
namespace {

using Permissions = v1::StoragePermissions;
using Secret = v1::SecretReference;

constexpr uint64_t kNobody = 0xffffffff;

// -1, also as an unsigned number, says that the owner is left as it is.
template <auto Set>
void ReadOwner(XmlReader* reader, pugi::xml_node element, Permissions* permissions) {
  const XmlValue value = PlainText(reader, element);
  if (absl::StripAsciiWhitespace(value.text) == "-1") return;
  const auto id = reader->Unsigned(value, kNobody);
  if (id && *id != kNobody) (permissions->*Set)(static_cast<uint32_t>(*id));
}

constexpr XmlElementRule<Permissions> kPermissionElements[] = {
    {"mode", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Permissions* permissions) {
       const XmlValue value = PlainText(reader, element);
       if (const auto mode = ReadOctal(reader, value, 0777)) permissions->set_mode(static_cast<uint32_t>(*mode));
     }},
    {"owner", XmlCount::kOnce, ReadOwner<&Permissions::set_owner>},
    {"group", XmlCount::kOnce, ReadOwner<&Permissions::set_group>},
    {"label", XmlCount::kOnce, ElementText<&Permissions::mutable_label>},
};

constexpr XmlAttributeRule<Secret> kSecretAttributes[] = {
    {"type", AttributeText<&Secret::mutable_type>},
    {"uuid", AttributeUuid<&Secret::mutable_uid>},
    {"usage", AttributeText<&Secret::mutable_usage>},
};

}  // namespace

void ReadPermissions(XmlReader* reader, pugi::xml_node element, Permissions* permissions) {
  ReadXml<Permissions>(reader, element, {.elements = kPermissionElements}, permissions);
}

void WritePermissions(XmlWriter* writer, const Permissions& permissions) {
  if (!permissions.has_mode() && !permissions.has_owner() && !permissions.has_group() && permissions.label().empty()) {
    return;
  }
  writer->Begin("permissions");
  if (permissions.has_mode()) writer->Element("mode", absl::StrFormat("0%o", permissions.mode()));
  if (permissions.has_owner()) writer->Element("owner", permissions.owner());
  if (permissions.has_group()) writer->Element("group", permissions.group());
  writer->OptionalElement("label", permissions.label());
  writer->End();
}

void ReadSecretReference(XmlReader* reader, pugi::xml_node element, Secret* secret) {
  ReadXml<Secret>(reader, element, {.attributes = kSecretAttributes}, secret);
  const bool by_uuid = element.attribute("uuid");
  const bool by_usage = element.attribute("usage");
  if (by_uuid == by_usage) reader->Invalid(element, "has not one of uuid and usage");
}

void WriteSecretReference(XmlWriter* writer, const Secret& secret) {
  writer->Begin("secret").OptionalAttribute("type", secret.type());
  writer->OptionalAttribute("uuid", secret.uid()).OptionalAttribute("usage", secret.usage()).End();
}

std::string CleanPath(absl::string_view path) {
  size_t slashes = path.find_first_not_of('/');
  if (slashes == absl::string_view::npos) slashes = path.size();
  std::string clean = slashes == 2 ? "//" : std::string(slashes > 0 ? 1 : 0, '/');
  const size_t root = clean.size();
  for (const char character : path.substr(slashes)) {
    if (character != '/' || clean.back() != '/') clean.push_back(character);
  }
  if (clean.size() > root && clean.back() == '/') clean.pop_back();
  return clean;
}

}  // namespace reeve::formats

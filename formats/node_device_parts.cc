#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_format.h"
#include "formats/node_device_sections.h"
#include "formats/xml_messages.h"
#include "formats/xml_number.h"

namespace reeve::formats {
namespace {

using Type = v1::MediatedDeviceType;

constexpr absl::string_view kApis[] = {"vfio-pci", "vfio-ccw", "vfio-ap"};

constexpr XmlAttributeRule<Type> kTypeAttributes[] = {{"id", AttributeText<&Type::mutable_id>}};
constexpr XmlElementRule<Type> kTypeElements[] = {
    {"name", XmlCount::kOnce, ElementText<&Type::mutable_name>},
    {"deviceAPI", XmlCount::kOnce, ElementWord<&Type::mutable_device_api, kApis>},
    {"availableInstances", XmlCount::kOnce, ElementNumber<&Type::set_available_instances>},
};

void ReadId(XmlReader* reader, const XmlValue& value, v1::RegisteredId* id) {
  // Hexadecimal, also without the "0x" that says so.
  XmlValue whole = value;
  const std::string prefixed = absl::StrCat("0x", value.text);
  if (value.text.substr(0, 2) != "0x") whole.text = prefixed;
  if (const auto number = ReadAnyNumber(reader, whole, 0xffff)) id->set_id(static_cast<uint32_t>(*number));
}

constexpr XmlAttributeRule<v1::RegisteredId> kIdAttributes[] = {{"id", ReadId}};

}  // namespace

void ReadMediatedType(XmlReader* reader, pugi::xml_node element, Type* type) {
  RequireAttributes(reader, element, {"id"});
  RequireElements(reader, element, {"deviceAPI", "availableInstances"});
  ReadXml<Type>(reader, element, {.attributes = kTypeAttributes, .elements = kTypeElements}, type);
}

void WriteMediatedTypes(XmlWriter* writer, const google::protobuf::RepeatedPtrField<Type>& types) {
  if (types.empty()) return;
  writer->Begin("capability").Attribute("type", "mdev_types");
  for (const Type& type : types) {
    writer->Begin("type").Attribute("id", type.id());
    writer->OptionalElement("name", type.name());
    writer->Element("deviceAPI", type.device_api());
    writer->Element("availableInstances", type.available_instances());
    writer->End();
  }
  writer->End();
}

void ReadRegisteredId(XmlReader* reader, pugi::xml_node element, v1::RegisteredId* id) {
  RequireAttributes(reader, element, {"id"});
  ReadXml<v1::RegisteredId>(reader, element,
                            {.attributes = kIdAttributes,
                             .text = [](XmlReader*, const XmlValue& value,
                                        v1::RegisteredId* out) { out->set_name(std::string(value.text)); }},
                            id);
}

void WriteRegisteredId(XmlWriter* writer, absl::string_view name, const v1::RegisteredId& id, bool blank) {
  const std::string number = absl::StrFormat("0x%04x", id.id());
  if (!id.name().empty()) {
    writer->Begin(name).Attribute("id", number).Text(id.name()).End();
  } else if (blank) {
    writer->Verbatim(absl::StrCat("<", name, " id='", number, "' />"));
  } else {
    writer->Begin(name).Attribute("id", number).End();
  }
}

void CheckWorldWideName(XmlReader* reader, const XmlValue& value) {
  absl::string_view digits = value.text;
  if (digits.substr(0, 2) == "0x") digits.remove_prefix(2);
  if (digits.size() != 16 || !std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit)) {
    reader->Invalid(value, "is not a world wide name of 16 hexadecimal digits");
  }
}

absl::string_view TypeOfCapability(XmlReader* reader, pugi::xml_node element) {
  RequireAttributes(reader, element, {"type"});
  return element.attribute("type").value();
}

}  // namespace reeve::formats

#include <algorithm>

#include "formats/node_device_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Data = v1::VitalProductData;
using Field = v1::VitalProductField;
using Fields = v1::VitalProductFields;

constexpr absl::string_view kAccess[] = {"readonly", "readwrite"};

// The characters that the PCI specification leaves to values, as libvirt's schema has them.
void CheckValue(XmlReader* reader, const XmlValue& value) {
  const auto allowed = [](char c) { return c >= ' ' && c <= '~'; };
  if (value.text.size() > 255 || !std::all_of(value.text.begin(), value.text.end(), allowed)) {
    reader->Invalid(value, "is not up to 255 characters of ASCII");
  }
}

template <auto Mutable>
void ReadText(XmlReader* reader, pugi::xml_node element, Fields* fields) {
  const XmlValue value = PlainText(reader, element);
  CheckValue(reader, value);
  *(fields->*Mutable)() = std::string(value.text);
}

void ReadIndex(XmlReader* reader, const XmlValue& value, Field* field) {
  const bool known =
      value.text.size() == 1 &&
      (absl::string_view("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ").find(value.text) != absl::string_view::npos);
  if (!known) return reader->Invalid(value, "is not one digit or upper-case letter");
  field->set_index(std::string(value.text));
}

constexpr XmlAttributeRule<Field> kFieldAttributes[] = {{"index", ReadIndex}};

template <auto Add>
void ReadField(XmlReader* reader, pugi::xml_node element, Fields* fields) {
  RequireAttributes(reader, element, {"index"});
  ReadXml<Field>(reader, element,
                 {.attributes = kFieldAttributes,
                  .text =
                      [](XmlReader* inner, const XmlValue& value, Field* field) {
                        CheckValue(inner, value);
                        field->set_value(std::string(value.text));
                      }},
                 (fields->*Add)());
}

constexpr XmlAttributeRule<Fields> kAccessIsKnown[] = {{"access", [](XmlReader*, const XmlValue&, Fields*) {}}};

constexpr XmlElementRule<Fields> kReadOnlyElements[] = {
    {"change_level", XmlCount::kOnce, ReadText<&Fields::mutable_change_level>},
    {"manufacture_id", XmlCount::kOnce, ReadText<&Fields::mutable_manufacture_id>},
    {"part_number", XmlCount::kOnce, ReadText<&Fields::mutable_part_number>},
    {"serial_number", XmlCount::kOnce, ReadText<&Fields::mutable_serial_number>},
    {"vendor_field", XmlCount::kRepeated, ReadField<&Fields::add_vendor_fields>},
};
constexpr XmlElementRule<Fields> kReadWriteElements[] = {
    {"asset_tag", XmlCount::kOnce, ReadText<&Fields::mutable_asset_tag>},
    {"vendor_field", XmlCount::kRepeated, ReadField<&Fields::add_vendor_fields>},
    {"system_field", XmlCount::kRepeated, ReadField<&Fields::add_system_fields>},
};

void ReadFields(XmlReader* reader, pugi::xml_node element, Data* data) {
  RequireAttributes(reader, element, {"access"});
  const auto access =
      reader->OneOf({element.attribute("access").value(), element, element.attribute("access")}, kAccess);
  if (!access) return;
  const bool read_only = *access == 0;
  if (read_only ? data->has_read_only() : data->has_read_write()) return reader->Invalid(element, "is there twice");
  ReadXml<Fields>(reader, element,
                  {.attributes = kAccessIsKnown,
                   .elements = read_only ? absl::MakeConstSpan(kReadOnlyElements) : kReadWriteElements},
                  read_only ? data->mutable_read_only() : data->mutable_read_write());
}

constexpr XmlElementRule<Data> kElements[] = {
    {"name", XmlCount::kOnce, ElementText<&Data::mutable_name>},
    {"fields", XmlCount::kRepeated, ReadFields},
};

void WriteFieldsOf(XmlWriter* writer, absl::string_view name, const google::protobuf::RepeatedPtrField<Field>& fields) {
  for (const Field& field : fields) writer->Begin(name).Attribute("index", field.index()).Text(field.value()).End();
}

void WriteFields(XmlWriter* writer, absl::string_view access, const Fields& fields) {
  writer->Begin("fields").Attribute("access", access).Body();
  writer->OptionalElement("change_level", fields.change_level());
  writer->OptionalElement("manufacture_id", fields.manufacture_id());
  writer->OptionalElement("part_number", fields.part_number());
  writer->OptionalElement("serial_number", fields.serial_number());
  writer->OptionalElement("asset_tag", fields.asset_tag());
  WriteFieldsOf(writer, "vendor_field", fields.vendor_fields());
  WriteFieldsOf(writer, "system_field", fields.system_fields());
  writer->End();
}

}  // namespace

void ReadVitalProductData(XmlReader* reader, pugi::xml_node element, Data* data) {
  RequireElements(reader, element, {"name"});
  ReadXml<Data>(reader, element, {.attributes = kTypeIsKnown<Data>, .elements = kElements}, data);
}

void WriteVitalProductData(XmlWriter* writer, const Data& data) {
  writer->Begin("capability").Attribute("type", "vpd");
  writer->Element("name", data.name());
  if (data.has_read_only()) WriteFields(writer, "readonly", data.read_only());
  if (data.has_read_write()) WriteFields(writer, "readwrite", data.read_write());
  writer->End();
}

}  // namespace reeve::formats

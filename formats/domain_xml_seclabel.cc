#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Label = v1::SecurityLabel;

constexpr XmlAttributeRule<Label> kAttributes[] = {
    {"type", AttributeWord<&Label::mutable_type, kSecurityLabelTypes>},
    {"model", AttributeText<&Label::mutable_model>},
    {"relabel", AttributeYesNo<&Label::set_relabel>},
};

constexpr XmlElementRule<Label> kElements[] = {
    {"label", XmlCount::kOnce, ElementText<&Label::mutable_label>},
    {"imagelabel", XmlCount::kOnce, ElementText<&Label::mutable_image_label>},
    {"baselabel", XmlCount::kOnce, ElementText<&Label::mutable_base_label>},
};

}  // namespace

void ReadSecurityLabel(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<Label>(reader, element, {.attributes = kAttributes, .elements = kElements}, spec->add_security_labels());
}

void WriteSecurityLabel(XmlWriter* writer, const Label& label) {
  writer->Begin("seclabel")
      .Attribute("type", label.type().empty() ? "dynamic" : label.type())
      .OptionalAttribute("model", label.model());
  if (label.has_relabel()) writer->Attribute("relabel", label.relabel() ? "yes" : "no");
  writer->OptionalElement("label", label.label());
  writer->OptionalElement("imagelabel", label.image_label());
  writer->OptionalElement("baselabel", label.base_label());
  writer->End();
}

}  // namespace reeve::formats

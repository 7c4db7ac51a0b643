#include "formats/domain_xml_sections.h"
#include "formats/switch_xml.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Interface = v1::Interface;
using Parameter = v1::NetworkFilterParameter;

constexpr XmlAttributeRule<v1::NetworkFilterReference> kFilterAttributes[] = {
    {"filter", AttributeText<&v1::NetworkFilterReference::mutable_filter>},
};

constexpr XmlAttributeRule<Parameter> kParameterAttributes[] = {
    {"name", AttributeText<&Parameter::mutable_name>},
    {"value", AttributeText<&Parameter::mutable_value>},
};

constexpr XmlElementRule<v1::NetworkFilterReference> kFilterElements[] = {
    {"parameter", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, v1::NetworkFilterReference* filter) {
       ReadXml<Parameter>(reader, element, {.attributes = kParameterAttributes}, filter->add_parameters());
     }},
};

}  // namespace

void ReadVlan(XmlReader* reader, pugi::xml_node element, Interface* interface) {
  ReadSwitchVlan(reader, element, interface->mutable_vlan());
}

void ReadVirtualPort(XmlReader* reader, pugi::xml_node element, Interface* interface) {
  ReadSwitchPort(reader, element, interface->mutable_virtual_port());
}

void ReadBandwidth(XmlReader* reader, pugi::xml_node element, Interface* interface) {
  ReadSwitchBandwidth(reader, element, interface->mutable_bandwidth());
}

void ReadFilter(XmlReader* reader, pugi::xml_node element, Interface* interface) {
  ReadXml<v1::NetworkFilterReference>(reader, element, {.attributes = kFilterAttributes, .elements = kFilterElements},
                                      interface->mutable_filter());
}

void WriteSwitch(XmlWriter* writer, const Interface& interface) {
  WriteSwitchVlan(writer, interface.vlan());
  WriteSwitchPort(writer, interface.virtual_port());
  WriteSwitchBandwidth(writer, interface.bandwidth());
  if (interface.has_isolated()) {
    writer->Begin("port").Attribute("isolated", interface.isolated() ? "yes" : "no").End();
  }
}

void WriteFilter(XmlWriter* writer, const v1::NetworkFilterReference& filter) {
  writer->Begin("filterref").Attribute("filter", filter.filter());
  for (const Parameter& parameter : filter.parameters()) {
    writer->Begin("parameter").Attribute("name", parameter.name()).Attribute("value", parameter.value()).End();
  }
  writer->End();
}

}  // namespace reeve::formats

#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Interface = v1::Interface;
using Limit = v1::BandwidthLimit;
using Parameter = v1::NetworkFilterParameter;
using Tag = v1::VlanTag;

constexpr XmlAttributeRule<Tag> kTagAttributes[] = {
    {"id", AttributeNumber<&Tag::set_id>},
    {"nativeMode", AttributeWord<&Tag::mutable_native_mode, kVlanNativeModes>},
};

constexpr XmlAttributeRule<v1::Vlan> kVlanAttributes[] = {
    {"trunk", AttributeYesNo<&v1::Vlan::set_trunk>},
};

constexpr XmlElementRule<v1::Vlan> kVlanElements[] = {
    {"tag", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, v1::Vlan* vlan) {
       if (!element.attribute("id")) reader->Invalid(element, "has no attribute id");
       ReadXml<Tag>(reader, element, {.attributes = kTagAttributes}, vlan->add_tags());
     }},
};

constexpr XmlAttributeRule<v1::VirtualPort> kPortAttributes[] = {
    {"type", AttributeWord<&v1::VirtualPort::mutable_type, kVirtualPortTypes>},
};

void ReadPortParameter(XmlReader*, const XmlValue& value, v1::VirtualPort* port) {
  auto* parameter = port->add_parameters();
  parameter->set_name(value.attribute.name());
  parameter->set_value(std::string(value.text));
}

constexpr auto MakePortParameterRules() {
  std::array<XmlAttributeRule<v1::VirtualPort>, kVirtualPortParameters.size()> rules{};
  for (size_t i = 0; i < rules.size(); ++i) rules[i] = {kVirtualPortParameters[i], ReadPortParameter};
  return rules;
}
constexpr auto kPortParameterRules = MakePortParameterRules();

constexpr XmlElementRule<v1::VirtualPort> kPortElements[] = {
    {"parameters", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, v1::VirtualPort* port) {
       ReadXml<v1::VirtualPort>(reader, element, {.attributes = kPortParameterRules}, port);
     }},
};

constexpr XmlAttributeRule<Limit> kLimitAttributes[] = {
    {"average", AttributeNumber<&Limit::set_average_kilobytes_per_second>},
    {"peak", AttributeNumber<&Limit::set_peak_kilobytes_per_second>},
    {"floor", AttributeNumber<&Limit::set_floor_kilobytes_per_second>},
    {"burst", AttributeNumber<&Limit::set_burst_kib>},
};

template <auto Mutable>
void ReadLimit(XmlReader* reader, pugi::xml_node element, v1::Bandwidth* bandwidth) {
  ReadXml<Limit>(reader, element, {.attributes = kLimitAttributes}, (bandwidth->*Mutable)());
}

constexpr XmlElementRule<v1::Bandwidth> kBandwidthElements[] = {
    {"inbound", XmlCount::kOnce, ReadLimit<&v1::Bandwidth::mutable_inbound>},
    {"outbound", XmlCount::kOnce, ReadLimit<&v1::Bandwidth::mutable_outbound>},
};

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

void WriteVlan(XmlWriter* writer, const v1::Vlan& vlan) {
  writer->Begin("vlan");
  if (vlan.trunk() || vlan.tags_size() > 1) writer->Attribute("trunk", "yes");
  for (const Tag& tag : vlan.tags()) {
    writer->Begin("tag").Attribute("id", tag.id()).OptionalAttribute("nativeMode", tag.native_mode()).End();
  }
  writer->End();
}

void WriteVirtualPort(XmlWriter* writer, const v1::VirtualPort& port) {
  writer->Begin("virtualport").OptionalAttribute("type", port.type());
  if (!port.parameters().empty()) {
    writer->Begin("parameters");
    for (const auto& parameter : port.parameters()) writer->Attribute(parameter.name(), parameter.value());
    writer->End();
  }
  writer->End();
}

void WriteLimit(XmlWriter* writer, absl::string_view name, const Limit& limit) {
  writer->Begin(name);
  if (limit.has_average_kilobytes_per_second()) writer->Attribute("average", limit.average_kilobytes_per_second());
  if (limit.has_peak_kilobytes_per_second()) writer->Attribute("peak", limit.peak_kilobytes_per_second());
  if (limit.has_floor_kilobytes_per_second()) writer->Attribute("floor", limit.floor_kilobytes_per_second());
  if (limit.has_burst_kib()) writer->Attribute("burst", limit.burst_kib());
  writer->End();
}

}  // namespace

void ReadVlan(XmlReader* reader, pugi::xml_node element, Interface* interface) {
  v1::Vlan* vlan = interface->mutable_vlan();
  ReadXml<v1::Vlan>(reader, element, {.attributes = kVlanAttributes, .elements = kVlanElements}, vlan);
  if (element.attribute("trunk") && !vlan->trunk() && vlan->tags_size() > 1) {
    reader->Invalid(element, "has several tags and trunk='no'");
  }
}

void ReadVirtualPort(XmlReader* reader, pugi::xml_node element, Interface* interface) {
  ReadXml<v1::VirtualPort>(reader, element, {.attributes = kPortAttributes, .elements = kPortElements},
                           interface->mutable_virtual_port());
}

void ReadBandwidth(XmlReader* reader, pugi::xml_node element, Interface* interface) {
  ReadXml<v1::Bandwidth>(reader, element, {.elements = kBandwidthElements}, interface->mutable_bandwidth());
}

void ReadFilter(XmlReader* reader, pugi::xml_node element, Interface* interface) {
  ReadXml<v1::NetworkFilterReference>(reader, element, {.attributes = kFilterAttributes, .elements = kFilterElements},
                                      interface->mutable_filter());
}

void WriteSwitch(XmlWriter* writer, const Interface& interface) {
  if (!interface.vlan().tags().empty()) WriteVlan(writer, interface.vlan());
  if (interface.has_virtual_port()) WriteVirtualPort(writer, interface.virtual_port());
  if (interface.bandwidth().has_inbound() || interface.bandwidth().has_outbound()) {
    writer->Begin("bandwidth");
    if (interface.bandwidth().has_inbound()) WriteLimit(writer, "inbound", interface.bandwidth().inbound());
    if (interface.bandwidth().has_outbound()) WriteLimit(writer, "outbound", interface.bandwidth().outbound());
    writer->End();
  }
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

#include "formats/network_xml_sections.h"
#include "formats/switch_xml.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Group = v1::PortGroup;

constexpr XmlAttributeRule<Group> kAttributes[] = {
    {"name", AttributeText<&Group::mutable_name>},
    {"default", AttributeYesNo<&Group::set_is_default>},
    {"trustGuestRxFilters", AttributeYesNo<&Group::set_trust_guest_receive_filters>},
};

template <auto Read, auto Mutable>
void Part(XmlReader* reader, pugi::xml_node element, Group* group) {
  Read(reader, element, (group->*Mutable)());
}

constexpr XmlElementRule<Group> kElements[] = {
    {"vlan", XmlCount::kOnce, Part<ReadSwitchVlan, &Group::mutable_vlan>},
    {"virtualport", XmlCount::kOnce, Part<ReadSwitchPort, &Group::mutable_virtual_port>},
    {"bandwidth", XmlCount::kOnce, Part<ReadSwitchBandwidth, &Group::mutable_bandwidth>},
};

}  // namespace

void ReadPortGroup(XmlReader* reader, pugi::xml_node element, v1::NetworkSpec* spec) {
  Group group;
  ReadXml<Group>(reader, element, {.attributes = kAttributes, .elements = kElements}, &group);
  RequireAttributes(reader, element, {"name"});
  for (const Group& other : spec->port_groups()) {
    if (other.name() == group.name()) reader->Invalid(element, absl::StrCat("has the name ", group.name(), " again"));
    if (other.is_default() && group.is_default()) reader->Invalid(element, "is the second default");
  }
  *spec->add_port_groups() = std::move(group);
}

void WritePortGroup(XmlWriter* writer, const Group& group) {
  writer->Begin("portgroup").Attribute("name", group.name());
  if (group.is_default()) writer->Attribute("default", "yes");
  if (group.has_trust_guest_receive_filters()) {
    writer->Attribute("trustGuestRxFilters", YesNo(group.trust_guest_receive_filters()));
  }
  writer->Body();
  WriteSwitchVlan(writer, group.vlan());
  WriteSwitchPort(writer, group.virtual_port());
  WriteSwitchBandwidth(writer, group.bandwidth());
  writer->End();
}

}  // namespace reeve::formats

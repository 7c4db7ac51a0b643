#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/strip.h"
#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Interface = v1::Interface;

constexpr XmlAttributeRule<Interface> kAttributes[] = {
    {"type",
     [](XmlReader* reader, const XmlValue& value, Interface* interface) {
       if (const auto place = reader->OneOf(value, kInterfaceTypes)) {
         interface->set_type(static_cast<Interface::Type>(*place + 1));
       }
     }},
};

constexpr XmlAttributeRule<Interface> kMacAttributes[] = {
    {"address", [](XmlReader*, const XmlValue& value,
                   Interface* interface) { interface->set_mac_address(absl::AsciiStrToLower(value.text)); }},
};

constexpr XmlAttributeRule<Interface> kBridgeSource[] = {
    {"bridge", AttributeText<&Interface::mutable_source>},
};
constexpr XmlAttributeRule<Interface> kNetworkSource[] = {
    {"network", AttributeText<&Interface::mutable_source>},
    {"portgroup", AttributeText<&Interface::mutable_port_group>},
    {"portid", AttributeIgnored},
    {"bridge", AttributeIgnored},
};
constexpr XmlAttributeRule<Interface> kDirectSource[] = {
    {"dev", AttributeText<&Interface::mutable_source>},
    {"mode", AttributeWord<&Interface::mutable_source_mode, kDirectModes>},
};

template <auto Add>
void ReadAddressInto(XmlReader* reader, pugi::xml_node element, Interface* interface) {
  ReadAddress(reader, element, (interface->*Add)());
}

template <auto Add>
void ReadRouteInto(XmlReader* reader, pugi::xml_node element, Interface* interface) {
  ReadRoute(reader, element, (interface->*Add)());
}

// Addresses of the host's end stand inside <source>.
constexpr XmlElementRule<Interface> kEthernetSource[] = {
    {"ip", XmlCount::kRepeated, ReadAddressInto<&Interface::add_host_addresses>},
    {"route", XmlCount::kRepeated, ReadRouteInto<&Interface::add_host_routes>},
};

void ReadSource(XmlReader* reader, pugi::xml_node element, Interface* interface) {
  switch (interface->type()) {
    case Interface::TYPE_BRIDGE:
      return ReadXml<Interface>(reader, element, {.attributes = kBridgeSource}, interface);
    case Interface::TYPE_NETWORK:
      return ReadXml<Interface>(reader, element, {.attributes = kNetworkSource}, interface);
    case Interface::TYPE_DIRECT:
      return ReadXml<Interface>(reader, element, {.attributes = kDirectSource}, interface);
    case Interface::TYPE_ETHERNET:
      return ReadXml<Interface>(reader, element, {.elements = kEthernetSource}, interface);
    default:
      return;  // told already
  }
}

// Whether a name of the host's end is one that libvirt chose at a start: libvirt leaves it out of its definitions too.
bool IsGeneratedName(absl::string_view name) {
  for (absl::string_view prefix : {"vnet", "macvtap", "macvlan"}) {
    absl::string_view number = name;
    if (absl::ConsumePrefix(&number, prefix) && !number.empty() &&
        std::all_of(number.begin(), number.end(), absl::ascii_isdigit)) {
      return true;
    }
  }
  return false;
}

constexpr XmlAttributeRule<Interface> kTargetAttributes[] = {
    {"dev",
     [](XmlReader* reader, const XmlValue& value, Interface* interface) {
       if (IsGeneratedName(value.text)) {
         reader->Ignored(value, "is a name chosen at start and is ignored");
       } else {
         interface->set_target_device(std::string(value.text));
       }
     }},
};

constexpr XmlAttributeRule<Interface> kGuestAttributes[] = {
    {"dev", AttributeText<&Interface::mutable_guest_device>},
    {"actual", AttributeIgnored},
};

constexpr XmlAttributeRule<Interface> kModelAttributes[] = {
    {"type", AttributeText<&Interface::mutable_model>},
};

constexpr XmlAttributeRule<Interface> kLinkAttributes[] = {
    {"state",
     [](XmlReader* reader, const XmlValue& value, Interface* interface) {
       if (const auto up = reader->Either(value, "up", "down")) interface->set_link_up(*up);
     }},
};

constexpr XmlAttributeRule<Interface> kMtuAttributes[] = {
    {"size", AttributeNumber<&Interface::set_mtu>},
};

constexpr XmlAttributeRule<Interface> kPortAttributes[] = {
    {"isolated", AttributeYesNo<&Interface::set_isolated>},
};

// An element that has attributes only.
template <const auto& Rules>
void ReadAttributes(XmlReader* reader, pugi::xml_node element, Interface* interface) {
  ReadXml<Interface>(reader, element, {.attributes = Rules}, interface);
}

constexpr XmlElementRule<Interface> kElements[] = {
    {"mac", XmlCount::kOnce, ReadAttributes<kMacAttributes>},
    {"source", XmlCount::kOnce, ReadSource},
    {"vlan", XmlCount::kOnce, ReadVlan},
    {"virtualport", XmlCount::kOnce, ReadVirtualPort},
    {"bandwidth", XmlCount::kOnce, ReadBandwidth},
    {"port", XmlCount::kOnce, ReadAttributes<kPortAttributes>},
    {"ip", XmlCount::kRepeated, ReadAddressInto<&Interface::add_addresses>},
    {"route", XmlCount::kRepeated, ReadRouteInto<&Interface::add_routes>},
    {"target", XmlCount::kOnce, ReadAttributes<kTargetAttributes>},
    {"guest", XmlCount::kOnce, ReadAttributes<kGuestAttributes>},
    {"model", XmlCount::kOnce, ReadAttributes<kModelAttributes>},
    {"filterref", XmlCount::kOnce, ReadFilter},
    {"link", XmlCount::kOnce, ReadAttributes<kLinkAttributes>},
    {"mtu", XmlCount::kOnce, ReadAttributes<kMtuAttributes>},
    {"alias", XmlCount::kOnce, ElementIgnored},
};

void WriteSource(XmlWriter* writer, const Interface& interface) {
  switch (interface.type()) {
    case Interface::TYPE_BRIDGE:
      writer->Begin("source").Attribute("bridge", interface.source()).End();
      return;
    case Interface::TYPE_NETWORK:
      writer->Begin("source")
          .Attribute("network", interface.source())
          .OptionalAttribute("portgroup", interface.port_group())
          .End();
      return;
    case Interface::TYPE_DIRECT:
      writer->Begin("source")
          .Attribute("dev", interface.source())
          .Attribute("mode",
                     interface.source_mode().empty() ? kDirectModes[0] : absl::string_view(interface.source_mode()))
          .End();
      return;
    default:
      if (interface.host_addresses().empty() && interface.host_routes().empty()) return;
      writer->Begin("source");
      for (const auto& address : interface.host_addresses()) WriteAddress(writer, address);
      for (const auto& route : interface.host_routes()) WriteRoute(writer, route);
      writer->End();
  }
}

}  // namespace

void ReadInterface(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Interface* interface = devices->add_interfaces();
  if (!element.attribute("type")) return reader->Invalid(element, "has no attribute type");
  ReadXml<Interface>(reader, element, {.attributes = kAttributes, .elements = kElements}, interface);
}

void WriteInterface(XmlWriter* writer, const Interface& interface) {
  const auto type = interface.type() == Interface::TYPE_UNSPECIFIED ? Interface::TYPE_ETHERNET : interface.type();
  writer->Begin("interface").Attribute("type", kInterfaceTypes[type - 1]);
  if (!interface.mac_address().empty()) writer->Begin("mac").Attribute("address", interface.mac_address()).End();
  WriteSource(writer, interface);
  WriteSwitch(writer, interface);
  for (const auto& address : interface.addresses()) WriteAddress(writer, address);
  for (const auto& route : interface.routes()) WriteRoute(writer, route);
  if (!interface.target_device().empty()) {
    writer->Begin("target").Attribute("dev", interface.target_device()).End();
  }
  if (!interface.guest_device().empty()) writer->Begin("guest").Attribute("dev", interface.guest_device()).End();
  if (!interface.model().empty()) writer->Begin("model").Attribute("type", interface.model()).End();
  if (interface.has_filter()) WriteFilter(writer, interface.filter());
  if (interface.has_link_up()) writer->Begin("link").Attribute("state", interface.link_up() ? "up" : "down").End();
  if (interface.has_mtu()) writer->Begin("mtu").Attribute("size", interface.mtu()).End();
  writer->End();
}

}  // namespace reeve::formats

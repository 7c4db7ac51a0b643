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
    {"trustGuestRxFilters", AttributeYesNo<&Interface::set_trust_guest_receive_filters>},
};

constexpr XmlAttributeRule<Interface> kMacAttributes[] = {
    {"address", [](XmlReader*, const XmlValue& value,
                   Interface* interface) { interface->set_mac_address(absl::AsciiStrToLower(value.text)); }},
    {"type", AttributeWord<&Interface::mutable_mac_address_type, kMacTypes>},
    {"check", AttributeYesNo<&Interface::set_mac_address_check>},
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

constexpr XmlAttributeRule<Interface> kInternalSource[] = {
    {"name", AttributeText<&Interface::mutable_source>},
};

constexpr XmlAttributeRule<v1::SocketEndpoint> kEndpoint[] = {
    {"address", AttributeText<&v1::SocketEndpoint::mutable_address>},
    {"port", AttributeNumber<&v1::SocketEndpoint::set_port>},
};

// <local>, the other end of a udp connection, is read by ReadInterface.
constexpr XmlElementRule<v1::SocketEndpoint> kEndpointElements[] = {
    {"local", XmlCount::kOnce, [](XmlReader*, pugi::xml_node, v1::SocketEndpoint*) {}},
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
    case Interface::TYPE_INTERNAL:
      return ReadXml<Interface>(reader, element, {.attributes = kInternalSource}, interface);
    case Interface::TYPE_SERVER:
    case Interface::TYPE_CLIENT:
    case Interface::TYPE_MULTICAST:
    case Interface::TYPE_UDP:
      return ReadXml<v1::SocketEndpoint>(reader, element, {.attributes = kEndpoint, .elements = kEndpointElements},
                                         interface->mutable_socket());
    case Interface::TYPE_USER:
    case Interface::TYPE_NULL:
      return reader->UnknownElement(element);
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
       if (IsGeneratedName(value.text) && !reader->keeps_running_state()) {
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

constexpr XmlAttributeRule<Interface> kScriptAttributes[] = {
    {"path", AttributeText<&Interface::mutable_script>},
};

constexpr XmlAttributeRule<Interface> kBackendAttributes[] = {
    {"name", AttributeText<&Interface::mutable_backend_domain>},
};

constexpr XmlAttributeRule<Interface> kDriverAttributes[] = {
    {"name", AttributeText<&Interface::mutable_driver_name>},
    {"queues", AttributeNumber<&Interface::set_driver_queues>},
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
    {"script", XmlCount::kOnce, ReadAttributes<kScriptAttributes>},
    {"backenddomain", XmlCount::kOnce, ReadAttributes<kBackendAttributes>},
    {"driver", XmlCount::kOnce, ReadAttributes<kDriverAttributes>},
    {"boot", XmlCount::kOnce, ElementBootOrder<&Interface::set_boot_order, Interface>},
    {"rom", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Interface* interface) {
       ReadRom(reader, element, interface->mutable_rom());
     }},
    {"address", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Interface* interface) {
       ReadBusAddress(reader, element, interface->mutable_address());
     }},
    {"alias", XmlCount::kOnce, ElementAlias<&Interface::mutable_alias, Interface>},
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
    case Interface::TYPE_INTERNAL:
      writer->Begin("source").Attribute("name", interface.source()).End();
      return;
    case Interface::TYPE_SERVER:
    case Interface::TYPE_CLIENT:
    case Interface::TYPE_MULTICAST:
    case Interface::TYPE_UDP:
      writer->Begin("source")
          .OptionalAttribute("address", interface.socket().address())
          .Attribute("port", interface.socket().port());
      if (interface.has_local_socket()) {
        writer->Begin("local")
            .OptionalAttribute("address", interface.local_socket().address())
            .Attribute("port", interface.local_socket().port())
            .End();
      }
      writer->End();
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
  if (const pugi::xml_node local = element.child("source").child("local")) {
    if (interface->type() != Interface::TYPE_UDP) return reader->UnknownElement(local);
    ReadXml<v1::SocketEndpoint>(reader, local, {.attributes = kEndpoint}, interface->mutable_local_socket());
  }
}

void WriteInterface(XmlWriter* writer, const Interface& interface) {
  const auto type = interface.type() == Interface::TYPE_UNSPECIFIED ? Interface::TYPE_ETHERNET : interface.type();
  writer->Begin("interface").Attribute("type", kInterfaceTypes[type - 1]);
  if (interface.has_trust_guest_receive_filters()) {
    writer->Attribute("trustGuestRxFilters", interface.trust_guest_receive_filters() ? "yes" : "no");
  }
  if (!interface.mac_address().empty()) {
    writer->Begin("mac")
        .Attribute("address", interface.mac_address())
        .OptionalAttribute("type", interface.mac_address_type());
    if (interface.has_mac_address_check()) writer->Attribute("check", interface.mac_address_check() ? "yes" : "no");
    writer->End();
  }
  WriteSource(writer, interface);
  WriteSwitch(writer, interface);
  for (const auto& address : interface.addresses()) WriteAddress(writer, address);
  for (const auto& route : interface.routes()) WriteRoute(writer, route);
  if (!interface.script().empty()) writer->Begin("script").Attribute("path", interface.script()).End();
  if (!interface.backend_domain().empty()) {
    writer->Begin("backenddomain").Attribute("name", interface.backend_domain()).End();
  }
  if (!interface.target_device().empty()) {
    writer->Begin("target").Attribute("dev", interface.target_device()).End();
  }
  if (!interface.guest_device().empty()) writer->Begin("guest").Attribute("dev", interface.guest_device()).End();
  if (!interface.model().empty()) writer->Begin("model").Attribute("type", interface.model()).End();
  if (!interface.driver_name().empty() || interface.has_driver_queues()) {
    writer->Begin("driver").OptionalAttribute("name", interface.driver_name());
    if (interface.has_driver_queues()) writer->Attribute("queues", interface.driver_queues());
    writer->End();
  }
  if (interface.has_filter()) WriteFilter(writer, interface.filter());
  if (interface.has_link_up()) writer->Begin("link").Attribute("state", interface.link_up() ? "up" : "down").End();
  if (interface.has_mtu()) writer->Begin("mtu").Attribute("size", interface.mtu()).End();
  if (interface.has_boot_order()) WriteBootOrder(writer, interface.boot_order());
  WriteAlias(writer, interface.alias());
  if (interface.has_rom()) WriteRom(writer, interface.rom());
  if (interface.has_address()) WriteBusAddress(writer, interface.address());
  writer->End();
}

}  // namespace reeve::formats

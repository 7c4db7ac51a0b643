#include "formats/interface_xml.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "formats/link_xml.h"
#include "formats/xml_messages.h"
#include "formats/xml_writer.h"

namespace reeve::formats {
namespace {

using Bond = v1::BondConfig;
using Bridge = v1::BridgeConfig;
using Protocol = v1::InterfaceProtocol;
using Spec = v1::HostInterfaceSpec;
using Vlan = v1::VlanConfig;

// In the order of HostInterfaceSpec.Type, from 1.
constexpr absl::string_view kTypes[] = {"ethernet", "bridge", "bond", "vlan"};
constexpr absl::string_view kStartModes[] = {"onboot", "none", "hotplug"};
constexpr absl::string_view kFamilies[] = {"ipv4", "ipv6"};
constexpr absl::string_view kBondModes[] = {"balance-rr", "active-backup", "balance-xor", "broadcast",
                                            "802.3ad",    "balance-tlb",   "balance-alb"};
constexpr absl::string_view kCarriers[] = {"ioctl", "netif"};
constexpr absl::string_view kValidations[] = {"none", "active", "backup", "all"};

// Where an interface stands: types that may be there, and whether it is a port.
struct Place {
  absl::Span<const absl::string_view> types;
  bool is_port;
};
constexpr absl::string_view kBridgePorts[] = {"ethernet", "bond", "vlan"};
constexpr Place kTop{kTypes, false};
constexpr Place kInBridge{kBridgePorts, true};
constexpr Place kInBond{absl::MakeConstSpan(kTypes).first(1), true};

void ReadInterface(XmlReader* reader, pugi::xml_node element, const Place& place, Spec* spec);
void WriteInterface(XmlWriter* writer, const Spec& spec);

struct Draft {
  const Place* place;
  Spec* spec;
};

constexpr XmlAttributeRule<Draft> kAttributes[] = {
    {"type",
     [](XmlReader* reader, const XmlValue& value, Draft* draft) {
       if (!reader->OneOf(value, draft->place->types)) return;
       const auto found = std::find(std::begin(kTypes), std::end(kTypes), value.text);
       draft->spec->set_type(static_cast<Spec::Type>(found - std::begin(kTypes) + 1));
     }},
    {"name",
     [](XmlReader* reader, const XmlValue& value, Draft* draft) {
       CheckObjectName(reader, value);
       draft->spec->set_device(std::string(value.text));
     }},
};

template <const auto& Attributes, auto Required, typename T>
void Leaf(XmlReader* reader, pugi::xml_node element, T* out) {
  RequireAttributes(reader, element, {Required});
  ReadXml<T>(reader, element, {.attributes = Attributes}, out);
}

constexpr const char kMode[] = "mode";
constexpr const char kSize[] = "size";
constexpr const char kAddress[] = "address";
constexpr const char kGateway[] = "gateway";

constexpr XmlAttributeRule<Spec> kStartAttributes[] = {{"mode", AttributeWord<&Spec::mutable_start_mode, kStartModes>}};
constexpr XmlAttributeRule<Spec> kMtuAttributes[] = {{"size", AttributeNumber<&Spec::set_mtu>}};
constexpr XmlAttributeRule<Spec> kMacAttributes[] = {
    {"address",
     [](XmlReader* reader, const XmlValue& value, Spec* spec) {
       if (!NormalMacAddress(value.text)) reader->Invalid(value, "is not a hardware address");
       spec->set_mac_address(std::string(value.text));
     }},
};

constexpr XmlAttributeRule<v1::DhcpClient> kDhcpAttributes[] = {
    {"peerdns", AttributeYesNo<&v1::DhcpClient::set_peer_dns>},
};
constexpr XmlRules<v1::DhcpClient> kDhcpRules{.attributes = kDhcpAttributes};

// Addresses stay as they are written: netcf's documents are compared as text.
template <auto Mutable, typename T>
void ReadAddressText(XmlReader* reader, const XmlValue& value, T* out) {
  if (!ParseIpAddress(value.text)) reader->Invalid(value, "is not an IP address");
  *(out->*Mutable)() = std::string(value.text);
}

constexpr XmlAttributeRule<v1::HostAddress> kAddressAttributes[] = {
    {"address", ReadAddressText<&v1::HostAddress::mutable_address>},
    {"prefix", AttributeNumber<&v1::HostAddress::set_prefix>},
};
constexpr XmlAttributeRule<Protocol> kRouteAttributes[] = {
    {"gateway", ReadAddressText<&Protocol::mutable_gateway>},
};

bool IsOfFamily(absl::string_view text, absl::string_view family) {
  const auto address = ParseIpAddress(text);
  return !address || address->is_ipv6 == (family == "ipv6");
}

void ReadIp(XmlReader* reader, pugi::xml_node element, Protocol* protocol) {
  v1::HostAddress* address = protocol->add_addresses();
  Leaf<kAddressAttributes, kAddress>(reader, element, address);
  if (!IsOfFamily(address->address(), protocol->family())) reader->Invalid(element, "is not of the protocol's family");
  const auto parsed = ParseIpAddress(address->address());
  if (parsed && address->prefix() > parsed->bits()) reader->Invalid(element, "has a prefix that is too long");
}

void ReadGateway(XmlReader* reader, pugi::xml_node element, Protocol* protocol) {
  Leaf<kRouteAttributes, kGateway>(reader, element, protocol);
  if (!IsOfFamily(protocol->gateway(), protocol->family())) reader->Invalid(element, "is not of the protocol's family");
}

void ReadAutoconf(XmlReader* reader, pugi::xml_node element, Protocol* protocol) {
  if (protocol->family() != "ipv6") return reader->Invalid(element, "can only be in family ipv6");
  ElementFlag<&Protocol::set_autoconf>(reader, element, protocol);
}

constexpr XmlAttributeRule<Protocol> kProtocolAttributes[] = {
    {"family", AttributeWord<&Protocol::mutable_family, kFamilies>},
};
constexpr XmlElementRule<Protocol> kProtocolElements[] = {
    {"autoconf", XmlCount::kOnce, ReadAutoconf},
    {"dhcp", XmlCount::kOnce, ElementMessage<&Protocol::mutable_dhcp, kDhcpRules>},
    {"ip", XmlCount::kRepeated, ReadIp},
    {"route", XmlCount::kOnce, ReadGateway},
};

void ReadProtocol(XmlReader* reader, pugi::xml_node element, Spec* spec) {
  Protocol protocol;
  RequireAttributes(reader, element, {"family"});
  ReadXml<Protocol>(reader, element, {.attributes = kProtocolAttributes, .elements = kProtocolElements}, &protocol);
  for (const Protocol& other : spec->protocols()) {
    if (other.family() == protocol.family()) return reader->Invalid(element, "is of a family that is there already");
  }
  *spec->add_protocols() = std::move(protocol);
}

void ReadDelay(XmlReader* reader, const XmlValue& value, Bridge* bridge) {
  const bool digits =
      std::all_of(value.text.begin(), value.text.end(), [](char c) { return absl::ascii_isdigit(c) || c == '.'; });
  if (value.text.empty() || !digits || std::count(value.text.begin(), value.text.end(), '.') > 1) {
    return reader->Invalid(value, "is not a number of seconds");
  }
  bridge->set_delay_seconds(std::string(value.text));
}

constexpr XmlAttributeRule<Bridge> kBridgeAttributes[] = {
    {"stp",
     [](XmlReader* reader, const XmlValue& value, Bridge* bridge) {
       if (const auto on = reader->Either(value, "on", "off")) bridge->set_stp(*on);
     }},
    {"delay", ReadDelay},
};
constexpr XmlElementRule<Bridge> kBridgeElements[] = {
    {"interface", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Bridge* bridge) {
       ReadInterface(reader, element, kInBridge, bridge->add_ports());
     }},
};
constexpr XmlRules<Bridge> kBridgeRules{.attributes = kBridgeAttributes, .elements = kBridgeElements};

constexpr XmlAttributeRule<v1::MiiMonitor> kMiiAttributes[] = {
    {"freq", AttributeNumber<&v1::MiiMonitor::set_frequency_ms>},
    {"downdelay", AttributeNumber<&v1::MiiMonitor::set_down_delay_ms>},
    {"updelay", AttributeNumber<&v1::MiiMonitor::set_up_delay_ms>},
    {"carrier", AttributeWord<&v1::MiiMonitor::mutable_carrier, kCarriers>},
};
constexpr XmlRules<v1::MiiMonitor> kMiiRules{.attributes = kMiiAttributes};
void CheckMii(XmlReader* reader, pugi::xml_node element, const v1::MiiMonitor&) {
  RequireAttributes(reader, element, {"freq"});
}

constexpr XmlAttributeRule<v1::ArpMonitor> kArpAttributes[] = {
    {"interval", AttributeNumber<&v1::ArpMonitor::set_interval_ms>},
    {"target", ReadAddressText<&v1::ArpMonitor::mutable_target>},
    {"validate", AttributeWord<&v1::ArpMonitor::mutable_validate, kValidations>},
};
constexpr XmlRules<v1::ArpMonitor> kArpRules{.attributes = kArpAttributes};
void CheckArp(XmlReader* reader, pugi::xml_node element, const v1::ArpMonitor&) {
  RequireAttributes(reader, element, {"interval", "target"});
}

constexpr XmlAttributeRule<Bond> kBondAttributes[] = {{"mode", AttributeWord<&Bond::mutable_mode, kBondModes>}};
constexpr XmlElementRule<Bond> kBondElements[] = {
    {"miimon", XmlCount::kOnce, ElementChecked<&Bond::mutable_mii_monitor, kMiiRules, CheckMii>},
    {"arpmon", XmlCount::kOnce, ElementChecked<&Bond::mutable_arp_monitor, kArpRules, CheckArp>},
    {"interface", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Bond* bond) {
       ReadInterface(reader, element, kInBond, bond->add_ports());
     }},
};
constexpr XmlRules<Bond> kBondRules{.attributes = kBondAttributes, .elements = kBondElements};
void CheckBond(XmlReader* reader, pugi::xml_node element, const Bond& bond) {
  if (bond.has_mii_monitor() && bond.has_arp_monitor()) reader->Invalid(element, "has <miimon> and <arpmon>");
}

void ReadTag(XmlReader* reader, const XmlValue& value, Vlan* vlan) {
  if (const auto tag = reader->Unsigned(value, 4095)) vlan->set_tag(static_cast<uint32_t>(*tag));
}

constexpr XmlAttributeRule<Vlan> kVlanAttributes[] = {{"tag", ReadTag}};
constexpr XmlAttributeRule<Vlan> kVlanDeviceAttributes[] = {{"name", AttributeText<&Vlan::mutable_device>}};
constexpr XmlElementRule<Vlan> kVlanElements[] = {
    {"interface", XmlCount::kOnce, ElementAttributes<kVlanDeviceAttributes, Vlan>},
};
constexpr XmlRules<Vlan> kVlanRules{.attributes = kVlanAttributes, .elements = kVlanElements};
void CheckVlan(XmlReader* reader, pugi::xml_node element, const Vlan& vlan) {
  RequireAttributes(reader, element, {"tag"});
  if (vlan.device().empty()) reader->Invalid(element, "has no <interface> with a name");
}

// What only the top may have, or only one type.
template <auto Read>
void Outermost(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  draft->place->is_port ? reader->Invalid(element, "cannot be in a port") : Read(reader, element, draft->spec);
}
template <Spec::Type kType, auto Read>
void OnlyIn(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  if (draft->spec->type() == kType) return Read(reader, element, draft->spec);
  reader->Invalid(element, absl::StrCat("can only be in an interface of type ", kTypes[kType - 1]));
}

constexpr XmlElementRule<Draft> kElements[] = {
    {"start", XmlCount::kOnce, Outermost<Leaf<kStartAttributes, kMode, Spec>>},
    {"link", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Draft* draft) {
       ReadLink(reader, element, draft->spec->mutable_link());
     }},
    {"mac", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Draft* draft) {
       Leaf<kMacAttributes, kAddress>(reader, element, draft->spec);
     }},
    {"mtu", XmlCount::kOnce, Outermost<Leaf<kMtuAttributes, kSize, Spec>>},
    {"protocol", XmlCount::kRepeated, Outermost<ReadProtocol>},
    {"bridge", XmlCount::kOnce, OnlyIn<Spec::TYPE_BRIDGE, ElementMessage<&Spec::mutable_bridge, kBridgeRules, Spec>>},
    {"bond", XmlCount::kOnce,
     OnlyIn<Spec::TYPE_BOND, ElementChecked<&Spec::mutable_bond, kBondRules, CheckBond, Spec>>},
    {"vlan", XmlCount::kOnce,
     OnlyIn<Spec::TYPE_VLAN, ElementChecked<&Spec::mutable_vlan, kVlanRules, CheckVlan, Spec>>},
};

void ReadInterface(XmlReader* reader, pugi::xml_node element, const Place& place, Spec* spec) {
  Draft draft{&place, spec};
  RequireAttributes(reader, element, {"type"});
  ReadXml<Draft>(reader, element, {.attributes = kAttributes, .elements = kElements}, &draft);
  if (spec->type() == Spec::TYPE_VLAN && spec->device().empty() && spec->has_vlan()) {
    spec->set_device(absl::StrCat(spec->vlan().device(), ".", spec->vlan().tag()));
  }
  if (spec->device().empty()) reader->Invalid(element, "has no attribute name");
  if (spec->type() == Spec::TYPE_BRIDGE) RequireElements(reader, element, {"bridge"});
  if (spec->type() == Spec::TYPE_BOND) RequireElements(reader, element, {"bond"});
  if (spec->type() == Spec::TYPE_VLAN) RequireElements(reader, element, {"vlan"});
}

void WriteProtocol(XmlWriter* writer, const Protocol& protocol) {
  writer->Begin("protocol").Attribute("family", protocol.family()).Body();
  if (protocol.autoconf()) writer->Flag("autoconf");
  if (protocol.has_dhcp()) {
    writer->Begin("dhcp");
    if (protocol.dhcp().has_peer_dns()) writer->Attribute("peerdns", YesNo(protocol.dhcp().peer_dns()));
    writer->End();
  }
  for (const auto& address : protocol.addresses()) {
    writer->Begin("ip").Attribute("address", address.address());
    if (address.prefix() != 0) writer->Attribute("prefix", address.prefix());
    writer->End();
  }
  if (!protocol.gateway().empty()) writer->Begin("route").Attribute("gateway", protocol.gateway()).End();
  writer->End();
}

void WriteBridge(XmlWriter* writer, const Bridge& bridge) {
  writer->Begin("bridge");
  if (bridge.has_stp()) writer->Attribute("stp", bridge.stp() ? "on" : "off");
  writer->OptionalAttribute("delay", bridge.delay_seconds()).Body();
  for (const Spec& port : bridge.ports()) WriteInterface(writer, port);
  writer->End();
}

void WriteMonitors(XmlWriter* writer, const Bond& bond) {
  if (bond.has_mii_monitor()) {
    const auto& monitor = bond.mii_monitor();
    writer->Begin("miimon").Attribute("freq", monitor.frequency_ms());
    if (monitor.down_delay_ms() != 0) writer->Attribute("downdelay", monitor.down_delay_ms());
    if (monitor.up_delay_ms() != 0) writer->Attribute("updelay", monitor.up_delay_ms());
    writer->OptionalAttribute("carrier", monitor.carrier()).End();
  }
  if (bond.has_arp_monitor()) {
    const auto& monitor = bond.arp_monitor();
    writer->Begin("arpmon").Attribute("interval", monitor.interval_ms()).Attribute("target", monitor.target());
    writer->OptionalAttribute("validate", monitor.validate()).End();
  }
}

void WriteBond(XmlWriter* writer, const Bond& bond) {
  writer->Begin("bond").OptionalAttribute("mode", bond.mode()).Body();
  WriteMonitors(writer, bond);
  for (const Spec& port : bond.ports()) WriteInterface(writer, port);
  writer->End();
}

void WriteInterface(XmlWriter* writer, const Spec& spec) {
  const bool typed = spec.type() != Spec::TYPE_UNSPECIFIED && Spec::Type_IsValid(spec.type());
  writer->Begin("interface")
      .Attribute("type", kTypes[typed ? spec.type() - 1 : 0])
      .OptionalAttribute("name", spec.device())
      .Body();
  if (!spec.start_mode().empty()) writer->Begin("start").Attribute("mode", spec.start_mode()).End();
  WriteLink(writer, spec.link());
  if (!spec.mac_address().empty()) writer->Begin("mac").Attribute("address", spec.mac_address()).End();
  if (spec.mtu() != 0) writer->Begin("mtu").Attribute("size", spec.mtu()).End();
  for (const Protocol& protocol : spec.protocols()) WriteProtocol(writer, protocol);
  if (spec.has_bridge()) WriteBridge(writer, spec.bridge());
  if (spec.has_bond()) WriteBond(writer, spec.bond());
  if (spec.has_vlan()) {
    writer->Begin("vlan").Attribute("tag", spec.vlan().tag());
    writer->Begin("interface").Attribute("name", spec.vlan().device()).End();
    writer->End();
  }
  writer->End();
}

}  // namespace

absl::StatusOr<v1::HostInterface> ParseInterfaceXml(absl::string_view text, std::vector<Warning>* warnings,
                                                    Strictness strictness) {
  XmlReader reader(text, warnings, strictness);
  v1::HostInterface interface;
  if (const pugi::xml_node root = reader.Load({})) {
    if (absl::string_view(root.name()) != "interface") {
      reader.UnknownElement(root);
      return reader.ToStatus();
    }
    ReadInterface(&reader, root, kTop, interface.mutable_spec());
    interface.set_name(absl::StrCat("interfaces/", interface.spec().device()));
  }
  if (!reader.ok()) return reader.ToStatus();
  return interface;
}

std::string WriteInterfaceXml(const v1::HostInterface& interface) {
  XmlWriter writer;
  WriteInterface(&writer, interface.spec());
  return std::move(writer).Finish();
}

}  // namespace reeve::formats

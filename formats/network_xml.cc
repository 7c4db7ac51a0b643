#include "formats/network_xml.h"

#include <utility>

#include "absl/strings/ascii.h"
#include "formats/domain_metadata.h"
#include "formats/network_xml_sections.h"
#include "formats/switch_xml.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Bridge = v1::NetworkBridge;
using Spec = v1::NetworkSpec;

constexpr absl::string_view kDnsmasqNamespace = "http://libvirt.org/schemas/network/dnsmasq/1.0";
constexpr absl::string_view kTableManagers[] = {"kernel", "libvirt"};

struct Draft {
  v1::Network* network;
  Spec* spec;
  bool has_dnsmasq_namespace = false;
};

constexpr XmlAttributeRule<Draft> kAttributes[] = {
    {"connections", AttributeState},
    {"ipv6", [](XmlReader* reader, const XmlValue& value,
                Draft* draft) { AttributeYesNo<&Spec::set_ipv6_without_gateway>(reader, value, draft->spec); }},
    {"trustGuestRxFilters",
     [](XmlReader* reader, const XmlValue& value, Draft* draft) {
       AttributeYesNo<&Spec::set_trust_guest_receive_filters>(reader, value, draft->spec);
     }},
    {"xmlns:dnsmasq",
     [](XmlReader* reader, const XmlValue& value, Draft* draft) {
       draft->has_dnsmasq_namespace = value.text == kDnsmasqNamespace;
       if (!draft->has_dnsmasq_namespace) reader->UnknownValue(value);
     }},
};

void ReadName(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  const XmlValue value = PlainText(reader, element);
  CheckObjectName(reader, value);
  draft->network->set_name(absl::StrCat("networks/", value.text));
}

void ReadMetadata(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  size_t place = 0;
  if (element.first_attribute()) reader->UnknownAttribute({"", element, element.first_attribute()});
  for (const pugi::xml_node child : element.children()) {
    if (child.type() != pugi::node_element) {
      if (!IsBlankText(child.value())) reader->Invalid(element, "has text outside its elements");
      continue;
    }
    const absl::string_view text = reader->MetadataText(place++);
    if (auto fault = FindMetadataFault(text)) {
      reader->Fail(v1::REASON_DOCUMENT_MALFORMED, reader->OffsetOf(child) + fault->offset,
                   std::move(fault->description));
    } else {
      draft->spec->add_metadata(std::string(text));
    }
  }
}

constexpr XmlAttributeRule<Bridge> kBridgeAttributes[] = {
    {"name", AttributeText<&Bridge::mutable_name>},
    {"zone", AttributeText<&Bridge::mutable_zone>},
    {"stp",
     [](XmlReader* reader, const XmlValue& value, Bridge* bridge) {
       if (const auto on = reader->Either(value, "on", "off")) bridge->set_stp(*on);
     }},
    {"delay", AttributeNumber<&Bridge::set_delay_seconds>},
    {"macTableManager", AttributeWord<&Bridge::mutable_mac_table_manager, kTableManagers>},
};

void ReadBridge(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  ReadXml<Bridge>(reader, element, {.attributes = kBridgeAttributes}, draft->spec->mutable_bridge());
}

constexpr XmlAttributeRule<Spec> kMtuAttributes[] = {
    {"size",
     [](XmlReader* reader, const XmlValue& value, Spec* spec) {
       if (const auto size = reader->Unsigned(value, 65535)) spec->set_mtu(static_cast<uint32_t>(*size));
     }},
};

constexpr XmlAttributeRule<Spec> kMacAttributes[] = {
    {"address",
     [](XmlReader* reader, const XmlValue& value, Spec* spec) {
       AttributeMac<&Spec::mutable_mac_address>(reader, value, spec);
       if (!spec->mac_address().empty() && !IsUnicastMac(spec->mac_address())) {
         reader->Invalid(value, "is a group's hardware address");
       }
     }},
};

constexpr XmlAttributeRule<v1::NetworkDomain> kDomainAttributes[] = {
    {"name", AttributeText<&v1::NetworkDomain::mutable_name>},
    {"localOnly", AttributeYesNo<&v1::NetworkDomain::set_local_only>},
};

constexpr XmlAttributeRule<Spec> kPortAttributes[] = {{"isolated", AttributeYesNo<&Spec::set_isolated_ports>}};

constexpr XmlAttributeRule<Spec> kOptionAttributes[] = {
    {"value",
     [](XmlReader*, const XmlValue& value, Spec* spec) { spec->add_dnsmasq_options(std::string(value.text)); }},
};
constexpr XmlElementRule<Spec> kOptionElements[] = {
    {"dnsmasq:option", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Spec* spec) {
       RequireAttributes(reader, element, {"value"});
       ReadXml<Spec>(reader, element, {.attributes = kOptionAttributes}, spec);
     }},
};

void ReadOptions(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  if (!draft->has_dnsmasq_namespace) return reader->UnknownElement(element);
  ReadXml<Spec>(reader, element, {.elements = kOptionElements}, draft->spec);
}

// A section that is read into the specification.
template <auto Read>
void Section(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  Read(reader, element, draft->spec);
}

template <auto Read, auto Mutable>
void Part(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  Read(reader, element, (draft->spec->*Mutable)());
}

// An element whose only attribute is required.
template <const auto& Attributes>
void OneAttribute(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  RequireAttributes(reader, element, {Attributes[0].name.data()});
  ReadXml<Spec>(reader, element, {.attributes = Attributes}, draft->spec);
}

constexpr XmlElementRule<Draft> kElements[] = {
    {"name", XmlCount::kOnce, ReadName},
    {"uuid", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Draft* draft) {
       ElementUuid<&v1::Network::mutable_uid>(reader, element, draft->network);
     }},
    {"metadata", XmlCount::kOnce, ReadMetadata},
    {"forward", XmlCount::kOnce, Section<ReadForward>},
    {"bridge", XmlCount::kOnce, ReadBridge},
    {"mtu", XmlCount::kOnce, OneAttribute<kMtuAttributes>},
    {"mac", XmlCount::kOnce, OneAttribute<kMacAttributes>},
    {"domain", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Draft* draft) {
       RequireAttributes(reader, element, {"name"});
       ReadXml<v1::NetworkDomain>(reader, element, {.attributes = kDomainAttributes}, draft->spec->mutable_domain());
     }},
    {"dns", XmlCount::kOnce, Section<ReadDns>},
    {"vlan", XmlCount::kOnce, Part<ReadSwitchVlan, &Spec::mutable_vlan>},
    {"bandwidth", XmlCount::kOnce, Part<ReadSwitchBandwidth, &Spec::mutable_bandwidth>},
    {"port", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Draft* draft) {
       ReadXml<Spec>(reader, element, {.attributes = kPortAttributes}, draft->spec);
     }},
    {"ip", XmlCount::kRepeated, Section<ReadNetworkIp>},
    {"route", XmlCount::kRepeated, Section<ReadNetworkRoute>},
    {"virtualport", XmlCount::kOnce, Part<ReadSwitchPort, &Spec::mutable_virtual_port>},
    {"portgroup", XmlCount::kRepeated, Section<ReadPortGroup>},
    {"dnsmasq:options", XmlCount::kOnce, ReadOptions},
};

void WriteBridge(XmlWriter* writer, const Spec& spec) {
  const Bridge& bridge = spec.bridge();
  const auto mode = spec.forward().mode();
  const bool has_own = !spec.has_forward() || mode == v1::NetworkForward::MODE_UNSPECIFIED ||
                       mode == v1::NetworkForward::MODE_NAT || mode == v1::NetworkForward::MODE_ROUTE ||
                       mode == v1::NetworkForward::MODE_OPEN;
  if (!has_own && bridge.name().empty() && bridge.zone().empty() && bridge.mac_table_manager().empty()) return;
  writer->Begin("bridge").OptionalAttribute("name", bridge.name()).OptionalAttribute("zone", bridge.zone());
  if (has_own) {
    writer->Attribute("stp", bridge.has_stp() && !bridge.stp() ? "off" : "on")
        .Attribute("delay", bridge.delay_seconds());
  }
  writer->OptionalAttribute("macTableManager", bridge.mac_table_manager()).End();
}

void WriteLinks(XmlWriter* writer, const Spec& spec) {
  if (spec.has_forward()) WriteForward(writer, spec.forward());
  WriteBridge(writer, spec);
  if (spec.has_mtu()) writer->Begin("mtu").Attribute("size", spec.mtu()).End();
  if (!spec.mac_address().empty()) writer->Begin("mac").Attribute("address", spec.mac_address()).End();
  if (spec.has_domain()) {
    writer->Begin("domain").Attribute("name", spec.domain().name());
    if (spec.domain().has_local_only()) writer->Attribute("localOnly", YesNo(spec.domain().local_only()));
    writer->End();
  }
}

void WriteOptions(XmlWriter* writer, const Spec& spec) {
  if (spec.dnsmasq_options().empty()) return;
  writer->Begin("dnsmasq:options");
  for (const std::string& option : spec.dnsmasq_options()) {
    writer->Begin("dnsmasq:option").Attribute("value", option).End();
  }
  writer->End();
}

}  // namespace

absl::StatusOr<v1::Network> ParseNetworkXml(absl::string_view text, std::vector<Warning>* warnings,
                                            Strictness strictness) {
  XmlReader reader(text, warnings, strictness);
  v1::Network network;
  if (const pugi::xml_node root = reader.Load({})) {
    if (absl::string_view(root.name()) != "network") {
      reader.UnknownElement(root);
      return reader.ToStatus();
    }
    Draft draft{&network, network.mutable_spec()};
    ReadXml<Draft>(&reader, root, {.attributes = kAttributes, .elements = kElements}, &draft);
    RequireElements(&reader, root, {"name"});
    CheckNetwork(&reader, root, network.spec());
  }
  if (!reader.ok()) return reader.ToStatus();
  return network;
}

std::string WriteNetworkXml(const v1::Network& network) {
  const Spec& spec = network.spec();
  XmlWriter writer;
  writer.Begin("network");
  if (!spec.dnsmasq_options().empty()) writer.Attribute("xmlns:dnsmasq", kDnsmasqNamespace);
  if (spec.ipv6_without_gateway()) writer.Attribute("ipv6", "yes");
  if (spec.has_trust_guest_receive_filters()) {
    writer.Attribute("trustGuestRxFilters", YesNo(spec.trust_guest_receive_filters()));
  }
  writer.Element("name", LastPart(network.name()));
  writer.OptionalElement("uuid", network.uid());
  if (!spec.metadata().empty()) {
    writer.Begin("metadata");
    for (const std::string& element : spec.metadata()) writer.Verbatim(element);
    writer.End();
  }
  WriteLinks(&writer, spec);
  WriteDns(&writer, spec.dns());
  WriteSwitchVlan(&writer, spec.vlan());
  WriteSwitchBandwidth(&writer, spec.bandwidth());
  if (spec.has_isolated_ports()) {
    writer.Begin("port").Attribute("isolated", YesNo(spec.isolated_ports())).End();
  }
  for (const auto& ip : spec.ips()) WriteNetworkIp(&writer, ip);
  for (const auto& route : spec.routes()) WriteNetworkRoute(&writer, route);
  WriteSwitchPort(&writer, spec.virtual_port());
  for (const auto& group : spec.port_groups()) WritePortGroup(&writer, group);
  WriteOptions(&writer, spec);
  writer.End();
  return std::move(writer).Finish();
}

}  // namespace reeve::formats

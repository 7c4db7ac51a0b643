#include "formats/network_xml_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Dns = v1::NetworkDns;
using Forwarder = v1::DnsForwarder;
using Host = v1::DnsHost;
using Srv = v1::DnsSrv;
using Txt = v1::DnsTxt;

constexpr absl::string_view kProtocols[] = {"tcp", "udp"};
// A question of 512 bytes less the rest of the record.
constexpr size_t kMaxServiceBytes = 482;

constexpr XmlAttributeRule<Dns> kAttributes[] = {
    {"enable", AttributeYesNo<&Dns::set_enable>},
    {"forwardPlainNames", AttributeYesNo<&Dns::set_forward_plain_names>},
};

constexpr XmlAttributeRule<Forwarder> kForwarderAttributes[] = {
    {"addr", AttributeIp<&Forwarder::mutable_address>},
    {"domain", AttributeText<&Forwarder::mutable_domain>},
};
constexpr XmlRules<Forwarder> kForwarderRules{.attributes = kForwarderAttributes};

void CheckForwarder(XmlReader* reader, pugi::xml_node element, const Forwarder& forwarder) {
  if (forwarder.address().empty() && forwarder.domain().empty()) {
    reader->Invalid(element, "has neither addr nor domain");
  }
}

constexpr XmlAttributeRule<Txt> kTxtAttributes[] = {
    {"name", AttributeText<&Txt::mutable_name>},
    {"value", AttributeText<&Txt::mutable_value>},
};

template <auto Set>
void ReadShort(XmlReader* reader, const XmlValue& value, Srv* srv) {
  if (const auto number = reader->Unsigned(value, 65535)) (srv->*Set)(static_cast<uint32_t>(*number));
}

void ReadSrvPort(XmlReader* reader, const XmlValue& value, Srv* srv) {
  const auto port = reader->Unsigned(value, 65535);
  if (!port) return;
  *port == 0 ? reader->Invalid(value, "is 0") : srv->set_port(static_cast<uint32_t>(*port));
}

constexpr XmlAttributeRule<Srv> kSrvAttributes[] = {
    {"service", AttributeText<&Srv::mutable_service>},
    {"protocol", AttributeWord<&Srv::mutable_protocol, kProtocols>},
    {"domain", AttributeText<&Srv::mutable_domain>},
    {"target", AttributeText<&Srv::mutable_target>},
    {"port", ReadSrvPort},
    {"priority", ReadShort<&Srv::set_priority>},
    {"weight", ReadShort<&Srv::set_weight>},
};

void ReadHostname(XmlReader* reader, pugi::xml_node element, Host* host) {
  const XmlValue name = PlainText(reader, element);
  name.text.empty() ? reader->Invalid(name, "is empty") : host->add_hostnames(std::string(name.text));
}

constexpr XmlAttributeRule<Host> kHostAttributes[] = {{"ip", AttributeIp<&Host::mutable_address>}};
constexpr XmlElementRule<Host> kHostElements[] = {{"hostname", XmlCount::kRepeated, ReadHostname}};

constexpr XmlElementRule<Dns> kElements[] = {
    {"forwarder", XmlCount::kRepeated, ElementChecked<&Dns::add_forwarders, kForwarderRules, CheckForwarder>},
    {"txt", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Dns* dns) {
       ReadDnsTxt(reader, element, Completeness::kWhole, dns->add_txts());
     }},
    {"srv", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Dns* dns) {
       ReadDnsSrv(reader, element, Completeness::kWhole, dns->add_srvs());
     }},
    {"host", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Dns* dns) {
       ReadDnsHost(reader, element, Completeness::kWhole, dns->add_hosts());
     }},
};

}  // namespace

void ReadDnsTxt(XmlReader* reader, pugi::xml_node element, Completeness completeness, Txt* txt) {
  ReadXml<Txt>(reader, element, {.attributes = kTxtAttributes}, txt);
  RequireAttributes(reader, element, {"name"});
  if (completeness == Completeness::kWhole) RequireAttributes(reader, element, {"value"});
  if (txt->name().find(' ') != std::string::npos) reader->Invalid(element, "has a name with a space");
}

void ReadDnsSrv(XmlReader* reader, pugi::xml_node element, Completeness completeness, Srv* srv) {
  ReadXml<Srv>(reader, element, {.attributes = kSrvAttributes}, srv);
  if (completeness == Completeness::kWhole) RequireAttributes(reader, element, {"service", "protocol"});
  if (srv->service().size() > kMaxServiceBytes) reader->Invalid(element, "has a service of more than 482 bytes");
}

void ReadDnsHost(XmlReader* reader, pugi::xml_node element, Completeness completeness, Host* host) {
  ReadXml<Host>(reader, element, {.attributes = kHostAttributes, .elements = kHostElements}, host);
  if (completeness == Completeness::kWhole) {
    RequireAttributes(reader, element, {"ip"});
    RequireElements(reader, element, {"hostname"});
  } else if (host->address().empty() && host->hostnames().empty()) {
    reader->Invalid(element, "has neither an address nor a name");
  }
}

void ReadDns(XmlReader* reader, pugi::xml_node element, v1::NetworkSpec* spec) {
  ReadXml<Dns>(reader, element, {.attributes = kAttributes, .elements = kElements}, spec->mutable_dns());
}

void WriteDns(XmlWriter* writer, const Dns& dns) {
  if (!dns.has_enable() && !dns.has_forward_plain_names() && dns.forwarders().empty() && dns.txts().empty() &&
      dns.srvs().empty() && dns.hosts().empty()) {
    return;
  }
  writer->Begin("dns");
  if (dns.has_enable()) writer->Attribute("enable", YesNo(dns.enable()));
  if (dns.has_forward_plain_names()) writer->Attribute("forwardPlainNames", YesNo(dns.forward_plain_names()));
  for (const Forwarder& forwarder : dns.forwarders()) {
    writer->Begin("forwarder")
        .OptionalAttribute("domain", forwarder.domain())
        .OptionalAttribute("addr", forwarder.address())
        .End();
  }
  for (const Txt& txt : dns.txts()) {
    writer->Begin("txt").Attribute("name", txt.name()).Attribute("value", txt.value()).End();
  }
  for (const Srv& srv : dns.srvs()) {
    writer->Begin("srv").Attribute("service", srv.service()).Attribute("protocol", srv.protocol());
    writer->OptionalAttribute("domain", srv.domain()).OptionalAttribute("target", srv.target());
    if (srv.port() != 0) writer->Attribute("port", srv.port());
    if (srv.priority() != 0) writer->Attribute("priority", srv.priority());
    if (srv.weight() != 0) writer->Attribute("weight", srv.weight());
    writer->End();
  }
  for (const Host& host : dns.hosts()) {
    writer->Begin("host").Attribute("ip", host.address());
    for (const std::string& name : host.hostnames()) writer->Element("hostname", name);
    writer->End();
  }
  writer->End();
}

}  // namespace reeve::formats

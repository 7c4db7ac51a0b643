// The sections of network XML, each with its reader and its writer. Only for network_xml*.cc and network_update.cc. A
// reader tells the XmlReader of every fault and goes on; a writer writes nothing for what is not set.
#pragma once

#include "formats/xml_reader.h"
#include "formats/xml_writer.h"
#include "reeve/v1/network.pb.h"

namespace reeve::formats {

// Whether an element must be whole, or names one that is there already, by some of its parts.
enum class Completeness { kWhole, kPartial };

// network_xml_forward.cc
void ReadForward(XmlReader* reader, pugi::xml_node element, v1::NetworkSpec* spec);
void WriteForward(XmlWriter* writer, const v1::NetworkForward& forward);
absl::string_view ForwardModeName(v1::NetworkForward::Mode mode);

// network_xml_dns.cc
void ReadDns(XmlReader* reader, pugi::xml_node element, v1::NetworkSpec* spec);
void WriteDns(XmlWriter* writer, const v1::NetworkDns& dns);
void ReadDnsTxt(XmlReader* reader, pugi::xml_node element, Completeness completeness, v1::DnsTxt* txt);
void ReadDnsSrv(XmlReader* reader, pugi::xml_node element, Completeness completeness, v1::DnsSrv* srv);
void ReadDnsHost(XmlReader* reader, pugi::xml_node element, Completeness completeness, v1::DnsHost* host);

// network_xml_ip.cc; the elements of <dhcp> are checked against the <ip> that they are in
void ReadNetworkIp(XmlReader* reader, pugi::xml_node element, v1::NetworkSpec* spec);
void ReadNetworkRoute(XmlReader* reader, pugi::xml_node element, v1::NetworkSpec* spec);
void WriteNetworkIp(XmlWriter* writer, const v1::NetworkIp& ip);
void WriteNetworkRoute(XmlWriter* writer, const v1::InterfaceRoute& route);
void ReadDhcpRange(XmlReader* reader, pugi::xml_node element, const v1::NetworkIp& ip, v1::DhcpRange* range);
void ReadDhcpHost(XmlReader* reader, pugi::xml_node element, const v1::NetworkIp& ip, Completeness completeness,
                  v1::DhcpHost* host);

// network_xml_group.cc
void ReadPortGroup(XmlReader* reader, pugi::xml_node element, v1::NetworkSpec* spec);
void WritePortGroup(XmlWriter* writer, const v1::PortGroup& group);

// network_xml_check.cc: what no element can tell alone
void CheckNetwork(XmlReader* reader, pugi::xml_node root, const v1::NetworkSpec& spec);

}  // namespace reeve::formats

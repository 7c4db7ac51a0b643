#include <algorithm>

#include "absl/strings/ascii.h"
#include "formats/ip_address.h"
#include "formats/network_xml_sections.h"
#include "formats/text.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Ip = v1::NetworkIp;
using Host = v1::DhcpHost;
using Range = v1::DhcpRange;
using Route = v1::InterfaceRoute;

constexpr absl::string_view kFamilies[] = {"ipv4", "ipv6"};
constexpr absl::string_view kLeaseUnits[] = {"seconds", "minutes", "hours"};
constexpr uint64_t kSecondsOfUnits[] = {1, 60, 3600};
constexpr uint64_t kMinLeaseSeconds = 120;
// dnsmasq keeps a table of the whole range.
constexpr uint64_t kMaxRange = 65535;

constexpr XmlAttributeRule<v1::DhcpLease> kLeaseAttributes[] = {
    {"expiry", AttributeNumber<&v1::DhcpLease::set_expiry>},
    {"unit", AttributeWord<&v1::DhcpLease::mutable_unit, kLeaseUnits>},
};

template <typename T>
void ReadLease(XmlReader* reader, pugi::xml_node element, T* out) {
  v1::DhcpLease* lease = out->mutable_lease();
  RequireAttributes(reader, element, {"expiry"});
  ReadXml<v1::DhcpLease>(reader, element, {.attributes = kLeaseAttributes}, lease);
  if (lease->expiry() == 0) return lease->clear_unit();
  if (lease->unit().empty()) lease->set_unit("minutes");
  const auto unit = std::find(std::begin(kLeaseUnits), std::end(kLeaseUnits), lease->unit()) - std::begin(kLeaseUnits);
  if (lease->expiry() < kMinLeaseSeconds && lease->expiry() * kSecondsOfUnits[unit] < kMinLeaseSeconds) {
    reader->Invalid(element, "is shorter than two minutes");
  }
}

constexpr XmlAttributeRule<Range> kRangeAttributes[] = {
    {"start", AttributeIp<&Range::mutable_start>},
    {"end", AttributeIp<&Range::mutable_end>},
};
constexpr XmlElementRule<Range> kRangeElements[] = {{"lease", XmlCount::kOnce, ReadLease<Range>}};

void ReadHostMac(XmlReader* reader, const XmlValue& value, Host* host) {
  const auto normal = NormalMacAddress(value.text);
  if (!normal) return reader->Invalid(value, "is not a hardware address");
  if (!IsUnicastMac(*normal)) return reader->Invalid(value, "is a group's hardware address");
  host->set_mac_address(std::string(value.text));
}

void ReadClientId(XmlReader* reader, const XmlValue& value, Host* host) {
  if (!std::all_of(value.text.begin(), value.text.end(), [](char c) { return absl::ascii_isxdigit(c) || c == ':'; })) {
    return reader->Invalid(value, "has characters other than hexadecimal digits and ':'");
  }
  host->set_client_id(std::string(value.text));
}

constexpr XmlAttributeRule<Host> kHostAttributes[] = {
    {"mac", ReadHostMac},
    {"id", ReadClientId},
    {"name", AttributeText<&Host::mutable_name>},
    {"ip", AttributeIp<&Host::mutable_address>},
};
constexpr XmlElementRule<Host> kHostElements[] = {{"lease", XmlCount::kOnce, ReadLease<Host>}};

constexpr XmlAttributeRule<v1::BootFile> kBootAttributes[] = {
    {"file", AttributeText<&v1::BootFile::mutable_file>},
    {"server", AttributeIp<&v1::BootFile::mutable_server>},
};
constexpr XmlRules<v1::BootFile> kBootRules{.attributes = kBootAttributes};
void CheckBoot(XmlReader* reader, pugi::xml_node element, const v1::BootFile&) {
  RequireAttributes(reader, element, {"file"});
}

constexpr XmlElementRule<Ip> kDhcpElements[] = {
    {"range", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Ip* ip) { ReadDhcpRange(reader, element, *ip, ip->add_ranges()); }},
    {"host", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Ip* ip) {
       ReadDhcpHost(reader, element, *ip, Completeness::kWhole, ip->add_hosts());
     }},
    {"bootp", XmlCount::kOnce, ElementChecked<&Ip::mutable_boot_file, kBootRules, CheckBoot>},
};

constexpr XmlAttributeRule<Ip> kTftpAttributes[] = {{"root", AttributeText<&Ip::mutable_tftp_root>}};

constexpr XmlAttributeRule<Ip> kIpAttributes[] = {
    {"family", AttributeWord<&Ip::mutable_family, kFamilies>},
    {"address", AttributeIp<&Ip::mutable_address>},
    {"netmask", AttributeIp<&Ip::mutable_netmask>},
    {"prefix", AttributeNumber<&Ip::set_prefix>},
    {"localPtr", AttributeYesNo<&Ip::set_local_reverse>},
};
constexpr XmlElementRule<Ip> kIpElements[] = {
    {"tftp", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Ip* ip) {
       RequireAttributes(reader, element, {"root"});
       ReadXml<Ip>(reader, element, {.attributes = kTftpAttributes}, ip);
     }},
    {"dhcp", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Ip* ip) {
       ReadXml<Ip>(reader, element, {.elements = kDhcpElements}, ip);
     }},
};

constexpr XmlAttributeRule<Route> kRouteAttributes[] = {
    {"family", AttributeWord<&Route::mutable_family, kFamilies>},
    {"address", AttributeIp<&Route::mutable_destination>},
    {"netmask", AttributeIp<&Route::mutable_netmask>},
    {"prefix", AttributeNumber<&Route::set_prefix>},
    {"gateway", AttributeIp<&Route::mutable_gateway>},
    {"metric", AttributeNumber<&Route::set_metric>},
};

// The prefix that an address, a netmask and a prefix together mean; faults where they do not fit together.
template <typename T>
std::optional<unsigned> PrefixOf(XmlReader* reader, pugi::xml_node element, const IpAddress& address,
                                 const T& network) {
  if (!network.netmask().empty()) {
    const auto netmask = ParseIpAddress(network.netmask());
    if (network.has_prefix()) reader->Invalid(element, "has a netmask and a prefix");
    if (address.is_ipv6 || netmask->is_ipv6) {
      reader->Invalid(element, "has a netmask, which only IPv4 has");
      return std::nullopt;
    }
    const auto prefix = PrefixOfNetmask(*netmask);
    if (!prefix)
      reader->Invalid(element, absl::StrCat("has the netmask ", network.netmask(), ", whose ones end twice"));
    return prefix;
  }
  if (!network.has_prefix()) return DefaultPrefix(address);
  if (network.prefix() > address.bits()) {
    reader->Invalid(element, absl::StrCat("has a prefix of more than ", address.bits()));
    return std::nullopt;
  }
  return network.prefix();
}

void CheckFamily(XmlReader* reader, pugi::xml_node element, const IpAddress& address, absl::string_view family) {
  if (address.is_ipv6 != (family == "ipv6")) {
    reader->Invalid(element,
                    absl::StrCat("is of family ", family.empty() ? "ipv4" : family, ", and its address is not"));
  }
}

// The prefix of an <ip> that has passed its checks.
unsigned KnownPrefix(const Ip& ip, const IpAddress& address) {
  if (!ip.netmask().empty()) {
    const auto netmask = ParseIpAddress(ip.netmask());
    return netmask ? PrefixOfNetmask(*netmask).value_or(0) : 0;
  }
  return ip.has_prefix() ? std::min(ip.prefix(), address.bits()) : DefaultPrefix(address);
}

void WriteLease(XmlWriter* writer, const v1::DhcpLease& lease) {
  writer->Begin("lease").Attribute("expiry", lease.expiry()).OptionalAttribute("unit", lease.unit()).End();
}

void WriteDhcp(XmlWriter* writer, const Ip& ip) {
  if (ip.ranges().empty() && ip.hosts().empty() && !ip.has_boot_file()) return;
  writer->Begin("dhcp");
  for (const Range& range : ip.ranges()) {
    writer->Begin("range").Attribute("start", range.start()).Attribute("end", range.end());
    if (range.has_lease()) WriteLease(writer, range.lease());
    writer->End();
  }
  for (const Host& host : ip.hosts()) {
    writer->Begin("host")
        .OptionalAttribute("mac", host.mac_address())
        .OptionalAttribute("id", host.client_id())
        .OptionalAttribute("name", host.name())
        .OptionalAttribute("ip", host.address());
    if (host.has_lease()) WriteLease(writer, host.lease());
    writer->End();
  }
  if (ip.has_boot_file()) {
    writer->Begin("bootp")
        .Attribute("file", ip.boot_file().file())
        .OptionalAttribute("server", ip.boot_file().server())
        .End();
  }
  writer->End();
}

}  // namespace

void ReadDhcpRange(XmlReader* reader, pugi::xml_node element, const Ip& ip, Range* range) {
  ReadXml<Range>(reader, element, {.attributes = kRangeAttributes, .elements = kRangeElements}, range);
  RequireAttributes(reader, element, {"start", "end"});
  const auto start = ParseIpAddress(range->start());
  const auto end = ParseIpAddress(range->end());
  const auto address = ParseIpAddress(ip.address());
  if (!start || !end || !address) return;
  if (start->is_ipv6 != address->is_ipv6 || end->is_ipv6 != address->is_ipv6) {
    return reader->Invalid(element, "is not of the network's family");
  }
  const uint64_t count = CountOfRange(*start, *end, kMaxRange + 1);
  if (count == 0) return reader->Invalid(element, "ends before it starts");
  if (count > kMaxRange) return reader->Invalid(element, "has more than 65535 addresses");
  const unsigned prefix = KnownPrefix(ip, *address);
  const IpAddress first = FirstOfNetwork(*address, prefix);
  if (!(FirstOfNetwork(*start, prefix) == first) || !(FirstOfNetwork(*end, prefix) == first)) {
    return reader->Invalid(element, absl::StrCat("is not inside the network ", ToString(first), "/", prefix));
  }
  if (address->is_ipv6 || prefix > 30) return;
  if (*start == first) reader->Invalid(element, "starts with the address of the network");
  if (*end == LastOfNetwork(*address, prefix)) reader->Invalid(element, "ends with the address of all");
}

void ReadDhcpHost(XmlReader* reader, pugi::xml_node element, const Ip& ip, Completeness completeness, Host* host) {
  ReadXml<Host>(reader, element, {.attributes = kHostAttributes, .elements = kHostElements}, host);
  const auto network = ParseIpAddress(ip.address());
  const bool is_ipv6 = network && network->is_ipv6;
  if (is_ipv6 && !host->mac_address().empty()) {
    reader->Invalid(element, "has a hardware address, which no host of an IPv6 network has");
  }
  const auto address = ParseIpAddress(host->address());
  if (address && network && address->is_ipv6 != is_ipv6) reader->Invalid(element, "is not of the network's family");
  if (completeness == Completeness::kPartial) {
    if (host->mac_address().empty() && host->client_id().empty() && host->name().empty() && host->address().empty()) {
      reader->Invalid(element, "has none of mac, id, name and ip");
    }
    return;
  }
  RequireAttributes(reader, element, {"ip"});
  if (!host->name().empty()) return;
  if (is_ipv6 && host->client_id().empty()) reader->Invalid(element, "has neither id nor name");
  if (!is_ipv6 && host->mac_address().empty()) reader->Invalid(element, "has neither mac nor name");
}

void ReadNetworkIp(XmlReader* reader, pugi::xml_node element, v1::NetworkSpec* spec) {
  Ip* ip = spec->add_ips();
  ReadXml<Ip>(reader, element, {.attributes = kIpAttributes, .elements = kIpElements}, ip);
  const auto address = ParseIpAddress(ip->address());
  if (!address) {
    if (!ip->netmask().empty() || ip->has_prefix()) reader->Invalid(element, "has a netmask or prefix and no address");
    return;
  }
  CheckFamily(reader, element, *address, ip->family());
  const auto prefix = PrefixOf(reader, element, *address, *ip);
  if (ip->local_reverse() && prefix && *prefix % (address->is_ipv6 ? 4 : 8) != 0) {
    reader->Invalid(element, "has localPtr and a prefix that no reverse zone has");
  }
}

void ReadNetworkRoute(XmlReader* reader, pugi::xml_node element, v1::NetworkSpec* spec) {
  Route* route = spec->add_routes();
  ReadXml<Route>(reader, element, {.attributes = kRouteAttributes}, route);
  RequireAttributes(reader, element, {"address", "gateway"});
  const auto destination = ParseIpAddress(route->destination());
  const auto gateway = ParseIpAddress(route->gateway());
  if (!destination || !gateway) return;
  CheckFamily(reader, element, *destination, route->family());
  if (destination->is_ipv6 != gateway->is_ipv6) reader->Invalid(element, "has a gateway of another family");
  const auto prefix = PrefixOf(reader, element, *destination, *route);
  if (prefix && !(FirstOfNetwork(*destination, *prefix) == *destination)) {
    reader->Invalid(element, "has an address that is not that of a network");
  }
}

void WriteNetworkIp(XmlWriter* writer, const Ip& ip) {
  writer->Begin("ip")
      .OptionalAttribute("family", ip.family())
      .OptionalAttribute("address", ip.address())
      .OptionalAttribute("netmask", ip.netmask());
  if (ip.prefix() != 0) writer->Attribute("prefix", ip.prefix());
  if (ip.has_local_reverse()) writer->Attribute("localPtr", YesNo(ip.local_reverse()));
  writer->Body();
  if (!ip.tftp_root().empty()) writer->Begin("tftp").Attribute("root", ip.tftp_root()).End();
  WriteDhcp(writer, ip);
  writer->End();
}

void WriteNetworkRoute(XmlWriter* writer, const Route& route) {
  writer->Begin("route")
      .OptionalAttribute("family", route.family())
      .Attribute("address", route.destination())
      .OptionalAttribute("netmask", route.netmask());
  if (route.has_prefix()) writer->Attribute("prefix", route.prefix());
  writer->Attribute("gateway", route.gateway());
  if (route.metric() != 0) writer->Attribute("metric", route.metric());
  writer->End();
}

}  // namespace reeve::formats

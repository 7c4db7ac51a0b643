#include "formats/network_update.h"

#include <algorithm>
#include <functional>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "formats/network_xml_sections.h"
#include "formats/xml_messages.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

using Command = UpdateCommand;
using Section = UpdateSection;
using Spec = v1::NetworkSpec;

constexpr std::pair<absl::string_view, Command> kCommands[] = {
    {"modify", Command::kModify},      {"delete", Command::kDelete}, {"add-last", Command::kAddLast},
    {"add-first", Command::kAddFirst}, {"add", Command::kAddLast},
};

constexpr std::pair<absl::string_view, Section> kSections[] = {
    {"ip-dhcp-host", Section::kIpDhcpHost},
    {"ip-dhcp-range", Section::kIpDhcpRange},
    {"forward-interface", Section::kForwardInterface},
    {"portgroup", Section::kPortGroup},
    {"dns-host", Section::kDnsHost},
    {"dns-txt", Section::kDnsTxt},
    {"dns-srv", Section::kDnsSrv},
};

template <typename Value, typename Table>
std::optional<Value> ValueIn(const Table& table, absl::string_view text) {
  const std::string key = absl::StrReplaceAll(absl::AsciiStrToLower(text), {{"_", "-"}});
  for (const auto& [name, value] : table) {
    if (name == key) return value;
  }
  return std::nullopt;
}

bool IsAdd(Command command) {
  return command == Command::kAddFirst || command == Command::kAddLast;
}

absl::Status Refused(absl::string_view cause) {
  return Error(v1::REASON_SPEC_INVALID, cause);
}

absl::Status CannotModify(absl::string_view what) {
  return Error(v1::REASON_SPEC_UNSUPPORTED, absl::StrCat(what, " cannot be modified, only deleted and added"));
}

// Adds, deletes or replaces in a list. `is_same` says which element is meant.
template <typename T>
absl::Status Change(google::protobuf::RepeatedPtrField<T>* list, Command command, absl::string_view what, T element,
                    const std::function<bool(const T&)>& is_same) {
  const auto found = std::find_if(list->begin(), list->end(), is_same);
  if (IsAdd(command)) {
    if (found != list->end()) return Refused(absl::StrCat(what, " is there already"));
    *list->Add() = std::move(element);
    if (command == Command::kAddFirst) std::rotate(list->begin(), list->end() - 1, list->end());
    return absl::OkStatus();
  }
  if (found == list->end()) return Refused(absl::StrCat(what, " is not there"));
  if (command == Command::kDelete) {
    list->erase(found);
  } else {
    *found = std::move(element);
  }
  return absl::OkStatus();
}

// Reads the one element of an update.
template <typename T>
absl::StatusOr<T> ReadElement(absl::string_view xml, absl::string_view name,
                              const std::function<void(XmlReader*, pugi::xml_node, T*)>& read) {
  XmlReader reader(xml, nullptr);
  T element;
  if (const pugi::xml_node root = reader.Load({})) {
    absl::string_view(root.name()) == name ? read(&reader, root, &element) : reader.UnknownElement(root);
  }
  if (!reader.ok()) return reader.ToStatus();
  return element;
}

Completeness CompletenessOf(Command command) {
  return command == Command::kDelete ? Completeness::kPartial : Completeness::kWhole;
}

// The <ip> that is meant.
absl::StatusOr<v1::NetworkIp*> FindIp(Spec* spec, int parent_index) {
  if (parent_index >= spec->ips_size()) {
    return Refused(absl::StrCat("the network has no <ip> of index ", parent_index));
  }
  if (parent_index >= 0) return spec->mutable_ips(parent_index);
  for (auto& ip : *spec->mutable_ips()) {
    if (!ip.ranges().empty() || !ip.hosts().empty()) return &ip;
  }
  for (auto& ip : *spec->mutable_ips()) {
    if (!ip.address().empty() && !absl::StrContains(ip.address(), ':')) return &ip;
  }
  return Refused("the network has no <ip> that could have DHCP");
}

bool SharesOne(const v1::DhcpHost& a, const v1::DhcpHost& b) {
  const auto same = [](const std::string& x, const std::string& y) {
    return !x.empty() && !y.empty() && absl::EqualsIgnoreCase(x, y);
  };
  return same(a.mac_address(), b.mac_address()) || same(a.client_id(), b.client_id()) || same(a.name(), b.name()) ||
         same(a.address(), b.address());
}

// All that is said must be the same.
bool Agrees(const v1::DhcpHost& host, const v1::DhcpHost& wanted) {
  const auto fits = [](const std::string& x, const std::string& y) {
    return y.empty() || absl::EqualsIgnoreCase(x, y);
  };
  return fits(host.mac_address(), wanted.mac_address()) && fits(host.client_id(), wanted.client_id()) &&
         fits(host.name(), wanted.name()) && fits(host.address(), wanted.address());
}

// What a host that is modified is found by: the rest is what changes.
v1::DhcpHost ByMacOrName(const v1::DhcpHost& host) {
  v1::DhcpHost key;
  key.set_mac_address(host.mac_address());
  key.set_name(host.name());
  return key;
}

absl::Status UpdateDhcpHost(Spec* spec, Command command, int parent_index, absl::string_view xml) {
  auto ip = FindIp(spec, parent_index);
  if (!ip.ok()) return ip.status();
  auto host = ReadElement<v1::DhcpHost>(xml, "host", [&](XmlReader* reader, pugi::xml_node element, v1::DhcpHost* out) {
    ReadDhcpHost(reader, element, **ip, CompletenessOf(command), out);
  });
  if (!host.ok()) return host.status();
  const v1::DhcpHost wanted = *host;
  const auto is_same = [&](const v1::DhcpHost& other) {
    if (IsAdd(command)) return SharesOne(other, wanted);
    if (command == Command::kDelete) return Agrees(other, wanted);
    return SharesOne(other, ByMacOrName(wanted));
  };
  return Change<v1::DhcpHost>((*ip)->mutable_hosts(), command, "the DHCP host", *std::move(host), is_same);
}

absl::Status UpdateDhcpRange(Spec* spec, Command command, int parent_index, absl::string_view xml) {
  if (command == Command::kModify) return CannotModify("a DHCP range");
  auto ip = FindIp(spec, parent_index);
  if (!ip.ok()) return ip.status();
  // A range that is deleted need not be sound: it is only looked for.
  const v1::NetworkIp any;
  const v1::NetworkIp& network = IsAdd(command) ? **ip : any;
  auto range =
      ReadElement<v1::DhcpRange>(xml, "range", [&](XmlReader* reader, pugi::xml_node element, v1::DhcpRange* out) {
        ReadDhcpRange(reader, element, network, out);
      });
  if (!range.ok()) return range.status();
  const v1::DhcpRange wanted = *range;
  return Change<v1::DhcpRange>(
      (*ip)->mutable_ranges(), command, "the DHCP range", *std::move(range),
      [&](const v1::DhcpRange& other) { return other.start() == wanted.start() && other.end() == wanted.end(); });
}

struct Device {
  std::string name;
};
constexpr XmlAttributeRule<Device> kDeviceAttributes[] = {
    {"dev", [](XmlReader*, const XmlValue& value, Device* device) { device->name = std::string(value.text); }},
};

absl::Status UpdateForwardInterface(Spec* spec, Command command, absl::string_view xml) {
  if (command == Command::kModify) return CannotModify("a device of <forward>");
  const auto device = ReadElement<Device>(xml, "interface", [](XmlReader* reader, pugi::xml_node element, Device* out) {
    RequireAttributes(reader, element, {"dev"});
    ReadXml<Device>(reader, element, {.attributes = kDeviceAttributes}, out);
  });
  if (!device.ok()) return device.status();
  return Change<std::string>(spec->mutable_forward()->mutable_interfaces(), command,
                             absl::StrCat("the device ", device->name), device->name,
                             [&](const std::string& other) { return other == device->name; });
}

absl::Status UpdatePortGroup(Spec* spec, Command command, absl::string_view xml) {
  auto group = ReadElement<Spec>(xml, "portgroup", [](XmlReader* reader, pugi::xml_node element, Spec* out) {
    ReadPortGroup(reader, element, out);
  });
  if (!group.ok()) return group.status();
  v1::PortGroup wanted = group->port_groups(0);
  for (const auto& other : spec->port_groups()) {
    if (command != Command::kDelete && wanted.is_default() && other.is_default() && other.name() != wanted.name()) {
      return Refused(absl::StrCat("the port group ", other.name(), " is the default already"));
    }
  }
  const std::string name = wanted.name();
  return Change<v1::PortGroup>(spec->mutable_port_groups(), command, absl::StrCat("the port group ", name),
                               std::move(wanted), [&](const v1::PortGroup& other) { return other.name() == name; });
}

absl::Status UpdateDnsHost(Spec* spec, Command command, absl::string_view xml) {
  if (command == Command::kModify) return CannotModify("a DNS host");
  auto host = ReadElement<v1::DnsHost>(xml, "host", [&](XmlReader* reader, pugi::xml_node element, v1::DnsHost* out) {
    ReadDnsHost(reader, element, CompletenessOf(command), out);
  });
  if (!host.ok()) return host.status();
  const v1::DnsHost wanted = *host;
  const auto is_same = [&](const v1::DnsHost& other) {
    if (!wanted.address().empty() && other.address() == wanted.address()) return true;
    for (const std::string& name : wanted.hostnames()) {
      const auto& names = other.hostnames();
      if (std::find(names.begin(), names.end(), name) != names.end()) return true;
    }
    return false;
  };
  const auto& hosts = spec->dns().hosts();
  if (command == Command::kDelete && std::count_if(hosts.begin(), hosts.end(), is_same) > 1) {
    return Refused("more than one DNS host is meant");
  }
  return Change<v1::DnsHost>(spec->mutable_dns()->mutable_hosts(), command, "the DNS host", *std::move(host), is_same);
}

absl::Status UpdateDnsTxt(Spec* spec, Command command, absl::string_view xml) {
  if (command == Command::kModify) return CannotModify("a DNS TXT record");
  auto txt = ReadElement<v1::DnsTxt>(xml, "txt", [&](XmlReader* reader, pugi::xml_node element, v1::DnsTxt* out) {
    ReadDnsTxt(reader, element, CompletenessOf(command), out);
  });
  if (!txt.ok()) return txt.status();
  const std::string name = txt->name();
  return Change<v1::DnsTxt>(spec->mutable_dns()->mutable_txts(), command, absl::StrCat("the record ", name),
                            *std::move(txt), [&](const v1::DnsTxt& other) { return other.name() == name; });
}

absl::Status UpdateDnsSrv(Spec* spec, Command command, absl::string_view xml) {
  if (command == Command::kModify) return CannotModify("a DNS SRV record");
  auto srv = ReadElement<v1::DnsSrv>(xml, "srv", [&](XmlReader* reader, pugi::xml_node element, v1::DnsSrv* out) {
    ReadDnsSrv(reader, element, CompletenessOf(command), out);
  });
  if (!srv.ok()) return srv.status();
  const v1::DnsSrv wanted = *srv;
  const auto fits = [](const std::string& x, const std::string& y) { return y.empty() || x == y; };
  const auto is_same = [&](const v1::DnsSrv& other) {
    return fits(other.service(), wanted.service()) && fits(other.protocol(), wanted.protocol()) &&
           fits(other.domain(), wanted.domain()) && fits(other.target(), wanted.target()) &&
           (wanted.port() == 0 || other.port() == wanted.port()) &&
           (wanted.priority() == 0 || other.priority() == wanted.priority()) &&
           (wanted.weight() == 0 || other.weight() == wanted.weight());
  };
  const auto& srvs = spec->dns().srvs();
  if (command == Command::kDelete && std::count_if(srvs.begin(), srvs.end(), is_same) > 1) {
    return Refused("more than one DNS SRV record is meant");
  }
  return Change<v1::DnsSrv>(spec->mutable_dns()->mutable_srvs(), command, "the DNS SRV record", *std::move(srv),
                            is_same);
}

absl::Status Update(Spec* spec, Command command, Section section, int parent_index, absl::string_view xml) {
  switch (section) {
    case Section::kIpDhcpHost:
      return UpdateDhcpHost(spec, command, parent_index, xml);
    case Section::kIpDhcpRange:
      return UpdateDhcpRange(spec, command, parent_index, xml);
    case Section::kForwardInterface:
      return UpdateForwardInterface(spec, command, xml);
    case Section::kPortGroup:
      return UpdatePortGroup(spec, command, xml);
    case Section::kDnsHost:
      return UpdateDnsHost(spec, command, xml);
    case Section::kDnsTxt:
      return UpdateDnsTxt(spec, command, xml);
    case Section::kDnsSrv:
      return UpdateDnsSrv(spec, command, xml);
  }
  return Error(v1::REASON_SPEC_UNSUPPORTED, "the section is not known");
}

}  // namespace

std::optional<UpdateCommand> UpdateCommandFromName(absl::string_view name) {
  return ValueIn<Command>(kCommands, name);
}

std::optional<UpdateSection> UpdateSectionFromName(absl::string_view name) {
  return ValueIn<Section>(kSections, name);
}

absl::Status ApplyNetworkUpdate(v1::Network* network, UpdateCommand command, UpdateSection section, int parent_index,
                                absl::string_view xml) {
  v1::Network changed = *network;
  if (auto status = Update(changed.mutable_spec(), command, section, parent_index, xml); !status.ok()) return status;
  *network = std::move(changed);
  return absl::OkStatus();
}

}  // namespace reeve::formats

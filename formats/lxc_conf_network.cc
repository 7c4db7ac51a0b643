// Network interfaces of an lxc configuration.
#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "formats/ip_address.h"
#include "formats/lxc_conf_sections.h"
#include "formats/mac_address.h"
#include "formats/text.h"

namespace reeve::formats {
namespace {

// The keys of one interface; the last of a key counts.
struct Nic {
  std::string number;  // of lxc.net.N; empty for lxc.network
  LxcConfLine* type = nullptr;
  LxcConfLine* link = nullptr;
  LxcConfLine* hwaddr = nullptr;
  LxcConfLine* flags = nullptr;
  LxcConfLine* macvlan_mode = nullptr;
  LxcConfLine* vlan_id = nullptr;
  LxcConfLine* name = nullptr;
  LxcConfLine* gateway_ipv4 = nullptr;
  LxcConfLine* gateway_ipv6 = nullptr;
  std::vector<std::pair<LxcConfLine*, bool>> addresses;  // whether it is IPv6
};

constexpr std::array<std::pair<absl::string_view, LxcConfLine * Nic::*>, 9> kKeys = {{
    {"type", &Nic::type},
    {"link", &Nic::link},
    {"hwaddr", &Nic::hwaddr},
    {"flags", &Nic::flags},
    {"macvlan.mode", &Nic::macvlan_mode},
    {"vlan.id", &Nic::vlan_id},
    {"name", &Nic::name},
    {"ipv4.gateway", &Nic::gateway_ipv4},
    {"ipv6.gateway", &Nic::gateway_ipv6},
}};

void Collect(absl::string_view key, LxcConfLine* line, Nic* nic) {
  for (const auto& [name, member] : kKeys) {
    if (key == name) nic->*member = line;
  }
  // Version 3 has .address, those before it have not.
  if (key == "ipv4.address" || (nic->number.empty() && key == "ipv4")) nic->addresses.push_back({line, false});
  if (key == "ipv6.address" || (nic->number.empty() && key == "ipv6")) nic->addresses.push_back({line, true});
}

// In the order of their first lines.
std::vector<Nic> CollectNics(LxcConfLines* lines) {
  std::vector<Nic> nics;
  std::vector<std::pair<std::string, size_t>> by_number;  // sorted
  std::optional<size_t> old;                              // the interface that keys before version 3 are about
  for (LxcConfLine& line : lines->lines()) {
    absl::string_view key = line.key;
    if (absl::ConsumePrefix(&key, "lxc.network.")) {
      if (key == "type") {
        old = nics.size();
        nics.emplace_back();
      }
      if (old) Collect(key, &line, &nics[*old]);
    } else if (absl::ConsumePrefix(&key, "lxc.net.")) {
      const size_t dot = key.find('.');
      uint32_t number = 0;
      if (dot == absl::string_view::npos || !absl::SimpleAtoi(key.substr(0, dot), &number)) continue;
      std::string name = absl::StrCat(number);
      auto found = std::lower_bound(by_number.begin(), by_number.end(), name,
                                    [](const auto& entry, const std::string& text) { return entry.first < text; });
      if (found == by_number.end() || found->first != name) {
        found = by_number.insert(found, {name, nics.size()});
        nics.emplace_back().number = name;
      }
      Collect(key.substr(dot + 1), &line, &nics[found->second]);
    }
  }
  return nics;
}

absl::string_view Use(LxcConfLine* line) {
  if (line == nullptr) return {};
  line->used = true;
  return line->value;
}

template <typename Target>
absl::Status ReadAddress(LxcConfLine* line, bool is_ipv6, Target* target) {
  const absl::string_view text = Use(line);
  const size_t slash = text.find('/');
  const auto address = ParseIpAddress(text.substr(0, slash));
  uint32_t prefix = 0;
  if (slash == absl::string_view::npos || !address || address->is_ipv6 != is_ipv6 ||
      !absl::SimpleAtoi(text.substr(slash + 1), &prefix) || prefix > address->bits()) {
    return LxcConfError(*line, absl::StrCat("has '", Printable(text), "', not an ", is_ipv6 ? "IPv6" : "IPv4",
                                            " address with its prefix length"));
  }
  v1::InterfaceAddress* result = target->add_addresses();
  result->set_address(ToString(*address));
  result->set_prefix(prefix);
  return absl::OkStatus();
}

template <typename Target>
absl::Status ReadGateway(LxcConfLine* line, bool is_ipv6, Target* target) {
  if (line == nullptr) return absl::OkStatus();
  const auto gateway = ParseIpAddress(Use(line));
  if (!gateway || gateway->is_ipv6 != is_ipv6) {
    return LxcConfError(
        *line, absl::StrCat("has '", Printable(line->value), "', not an ", is_ipv6 ? "IPv6" : "IPv4", " address"));
  }
  v1::InterfaceRoute* route = target->add_routes();
  route->set_family(is_ipv6 ? "ipv6" : "ipv4");
  route->set_destination(is_ipv6 ? "::" : "0.0.0.0");
  route->set_gateway(ToString(*gateway));
  return absl::OkStatus();
}

template <typename Target>
absl::Status ReadAddresses(const Nic& nic, Target* target) {
  for (const auto& [line, is_ipv6] : nic.addresses) {
    if (const absl::Status status = ReadAddress(line, is_ipv6, target); !status.ok()) return status;
  }
  if (const absl::Status status = ReadGateway(nic.gateway_ipv4, false, target); !status.ok()) return status;
  return ReadGateway(nic.gateway_ipv6, true, target);
}

// A host interface that moves into the guest; a VLAN of it is expected to exist as LINK.ID.
absl::Status ReadMoved(LxcConfLines* lines, const Nic& nic, v1::DomainSpec* spec) {
  if (Use(nic.link).empty()) return LxcConfError(*nic.type, "needs a link");
  lines->Remember(absl::StrCat("spec.devices.host_devices[", spec->devices().host_devices_size(), "]"), *nic.link);
  v1::HostNetworkDevice* device = spec->mutable_devices()->add_host_devices()->mutable_network();
  device->set_interface(std::string(nic.link->value));
  if (nic.type->value == "vlan" && nic.vlan_id != nullptr) {
    const auto id = LxcConfNumber(*nic.vlan_id, Use(nic.vlan_id), 0, 4095);
    if (!id.ok()) return id.status();
    device->set_interface(absl::StrCat(nic.link->value, ".", *id));
  }
  return ReadAddresses(nic, device);
}

absl::Status ReadMacvlanMode(const Nic& nic, v1::Interface* interface) {
  const absl::string_view mode = nic.macvlan_mode == nullptr ? "private" : Use(nic.macvlan_mode);
  if (mode == "private" || mode == "vepa" || mode == "bridge") {
    interface->set_source_mode(std::string(mode));
  } else if (mode == "passthru") {
    interface->set_source_mode("passthrough");
  } else {
    return LxcConfError(*nic.macvlan_mode, absl::StrCat("has '", Printable(mode), "', not a mode of macvlan"));
  }
  return absl::OkStatus();
}

absl::Status ReadInterface(LxcConfLines* lines, const Nic& nic, v1::DomainSpec* spec) {
  lines->Remember(absl::StrCat("spec.devices.interfaces[", spec->devices().interfaces_size(), "]"), *nic.type);
  v1::Interface* interface = spec->mutable_devices()->add_interfaces();
  interface->set_source(std::string(Use(nic.link)));
  if (nic.type->value == "macvlan") {
    interface->set_type(v1::Interface::TYPE_DIRECT);
    if (interface->source().empty()) return LxcConfError(*nic.type, "needs a link");
    if (const absl::Status status = ReadMacvlanMode(nic, interface); !status.ok()) return status;
  } else if (nic.type->value == "veth") {
    interface->set_type(interface->source().empty() ? v1::Interface::TYPE_ETHERNET : v1::Interface::TYPE_BRIDGE);
  } else {
    return LxcConfError(
        *nic.type,
        absl::StrCat("has '", Printable(nic.type->value), "', not one of empty, none, veth, macvlan, vlan, phys"),
        v1::REASON_DOCUMENT_UNKNOWN);
  }
  interface->set_link_up(Use(nic.flags) == "up");
  interface->set_guest_device(std::string(Use(nic.name)));
  if (nic.hwaddr != nullptr) {
    // lxc lets x stand for random digits; such an address is generated as one that is left out.
    if (const auto address = NormalMacAddress(Use(nic.hwaddr))) {
      interface->set_mac_address(*address);
    } else {
      lines->Warn(*nic.hwaddr, "is not a hardware address and is ignored: one is generated");
    }
  }
  return ReadAddresses(nic, interface);
}

}  // namespace

absl::Status ReadLxcNetworks(LxcConfLines* lines, v1::DomainSpec* spec) {
  bool any = false;
  bool host = false;
  for (const Nic& nic : CollectNics(lines)) {
    if (nic.type == nullptr) continue;
    const absl::string_view type = Use(nic.type);
    if (type.empty() || type == "empty") continue;
    if (type == "none") {
      lines->Warn(*nic.type, "is none, the host's network, which is not taken over: the guest gets one of its own");
      host = true;
      continue;
    }
    any = true;
    const bool moved = type == "phys" || type == "vlan";
    const absl::Status status = moved ? ReadMoved(lines, nic, spec) : ReadInterface(lines, nic, spec);
    if (!status.ok()) return status;
  }
  // What lxc does without any interface: only the loopback interface.
  if (!any && !host) spec->set_network_mode(v1::NETWORK_MODE_PRIVATE);
  return absl::OkStatus();
}

}  // namespace reeve::formats

#include <arpa/inet.h>

#include <algorithm>
#include <set>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "formats/domain_words.h"
#include "formats/spec_checker.h"
#include "formats/text.h"

namespace reeve::formats {
namespace {

using Interface = v1::Interface;

constexpr int kMaxAddresses = 256;
constexpr size_t kMacLength = 17;

// A hardware address with colons; `first`, when it is one, receives its first byte.
bool ParseMac(absl::string_view text, uint8_t* first, bool* is_zero) {
  if (text.size() != kMacLength) return false;
  *is_zero = true;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i % 3 == 2 ? text[i] != ':' : !absl::ascii_isxdigit(text[i])) return false;
    if (i % 3 != 2 && text[i] != '0') *is_zero = false;
  }
  *first = static_cast<uint8_t>(absl::HexStringToBytes(text.substr(0, 2))[0]);
  return true;
}

void CheckMac(SpecChecker* check, const FieldPath& path, const std::string& text) {
  uint8_t first = 0;
  bool is_zero = false;
  if (text.empty()) return;
  if (!ParseMac(text, &first, &is_zero)) {
    check->Fail(path, absl::StrCat("is '", Printable(text), "', not a hardware address"));
  } else if ((first & 1) != 0) {
    check->Fail(path, absl::StrCat("is ", text, ", a multicast address"));
  } else if (is_zero) {
    check->Fail(path, "is zero");
  }
}

// Ones, then zeros.
bool IsNetmask(const std::string& text) {
  in_addr address;
  if (absl::StrContains(text, '\0') || inet_pton(AF_INET, text.c_str(), &address) != 1) return false;
  const uint32_t host = ~ntohl(address.s_addr);
  return (host & (host + 1)) == 0;
}

void CheckSource(SpecChecker* check, const FieldPath& path, const Interface& interface) {
  const FieldPath source{&path, "source"};
  switch (interface.type()) {
    case Interface::TYPE_BRIDGE:
    case Interface::TYPE_DIRECT:
      check->Required(source, interface.source());
      check->NetworkDevice(source, interface.source());
      break;
    case Interface::TYPE_NETWORK:
      if (check->Required(source, interface.source()) && check->Text(source, interface.source(), 256) &&
          absl::StrContains(interface.source(), '/')) {
        check->Fail(source, "has a '/'");
      }
      break;
    case Interface::TYPE_ETHERNET:
      if (!interface.source().empty()) check->Fail(source, "is not for an ethernet interface");
      break;
    case Interface::TYPE_UNSPECIFIED:
      check->Fail({&path, "type"}, "is missing or not known");
      break;
    default:
      if (!Interface::Type_IsValid(interface.type())) check->Fail({&path, "type"}, "is missing or not known");
  }
  const bool direct = interface.type() == Interface::TYPE_DIRECT;
  check->Word({&path, "source_mode"}, interface.source_mode(), kDirectModes);
  if (!interface.source_mode().empty() && !direct) {
    check->Fail({&path, "source_mode"}, "is only for a direct interface");
  }
  check->Text({&path, "port_group"}, interface.port_group(), 256);
  if (!interface.port_group().empty() && interface.type() != Interface::TYPE_NETWORK) {
    check->Fail({&path, "port_group"}, "is only for a network");
  }
  const bool has_host_side = !interface.host_addresses().empty() || !interface.host_routes().empty();
  if (has_host_side && interface.type() != Interface::TYPE_ETHERNET) {
    check->Fail({&path, interface.host_addresses().empty() ? "host_routes" : "host_addresses"},
                "is only for an ethernet interface");
  }
}

void CheckLimit(SpecChecker* check, const FieldPath& path, const v1::BandwidthLimit& limit, bool takes_floor) {
  if (!limit.has_average_kilobytes_per_second() && !limit.has_floor_kilobytes_per_second()) {
    check->Fail(path, "has no average rate");
  }
  if (limit.has_floor_kilobytes_per_second() && !takes_floor) {
    check->Fail({&path, "floor_kilobytes_per_second"}, "is only for the inbound traffic of a network");
  }
  if (limit.has_peak_kilobytes_per_second() &&
      limit.peak_kilobytes_per_second() < limit.average_kilobytes_per_second()) {
    check->Fail({&path, "peak_kilobytes_per_second"}, "is less than the average");
  }
}

void CheckSwitch(SpecChecker* check, const FieldPath& path, const Interface& interface) {
  const FieldPath vlan{&path, "vlan"};
  const FieldPath tags{&vlan, "tags"};
  if (interface.has_vlan() && interface.vlan().tags().empty()) check->Fail(tags, "is empty");
  if (check->Count(tags, interface.vlan().tags_size(), 4096)) {
    for (int i = 0; i < interface.vlan().tags_size(); ++i) {
      const FieldPath tag{&vlan, "tags", i};
      check->Range({&tag, "id"}, interface.vlan().tags(i).id(), 0, 4095);
      check->Word({&tag, "native_mode"}, interface.vlan().tags(i).native_mode(), kVlanNativeModes);
    }
  }
  const FieldPath port{&path, "virtual_port"};
  check->Word({&port, "type"}, interface.virtual_port().type(), kVirtualPortTypes);
  std::set<std::string> names;
  for (int i = 0; i < interface.virtual_port().parameters_size(); ++i) {
    const FieldPath parameter{&port, "parameters", i};
    const auto& entry = interface.virtual_port().parameters(i);
    check->Required({&parameter, "name"}, entry.name());
    check->Word({&parameter, "name"}, entry.name(), kVirtualPortParameters);
    check->Text({&parameter, "value"}, entry.value(), 256);
    if (check->full()) return;
    if (!names.insert(entry.name()).second) check->Fail({&parameter, "name"}, "is there twice");
  }
  const FieldPath bandwidth{&path, "bandwidth"};
  const v1::Bandwidth& limits = interface.bandwidth();
  if (limits.has_inbound()) {
    CheckLimit(check, {&bandwidth, "inbound"}, limits.inbound(), interface.type() == Interface::TYPE_NETWORK);
  }
  if (limits.has_outbound()) CheckLimit(check, {&bandwidth, "outbound"}, limits.outbound(), false);
  if (interface.type() == Interface::TYPE_DIRECT && (limits.has_inbound() || limits.has_outbound())) {
    check->Fail(bandwidth, "is not for a direct interface");
  }
}

bool IsParameterName(absl::string_view name) {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char character) {
    return absl::ascii_isalnum(character) || character == '_';
  });
}

void CheckFilter(SpecChecker* check, const FieldPath& parent, const Interface& interface) {
  if (!interface.has_filter()) return;
  const FieldPath path{&parent, "filter"};
  check->Required({&path, "filter"}, interface.filter().filter());
  check->Text({&path, "filter"}, interface.filter().filter(), 256);
  if (!check->Count({&path, "parameters"}, interface.filter().parameters_size(), 256)) return;
  for (int i = 0; i < interface.filter().parameters_size(); ++i) {
    const FieldPath parameter{&path, "parameters", i};
    const auto& entry = interface.filter().parameters(i);
    if (!IsParameterName(entry.name())) {
      check->Fail({&parameter, "name"}, absl::StrCat("is '", Printable(entry.name()), "', not a name"));
    }
    check->Text({&parameter, "value"}, entry.value(), 256);
  }
}

}  // namespace

void CheckAddresses(SpecChecker* check, const FieldPath& parent, absl::string_view field,
                    const google::protobuf::RepeatedPtrField<v1::InterfaceAddress>& addresses) {
  if (!check->Count({&parent, field}, addresses.size(), kMaxAddresses)) return;
  for (int i = 0; i < addresses.size(); ++i) {
    const FieldPath path{&parent, field, i};
    int bits = 0;
    int peer_bits = 0;
    if (!check->Required({&path, "address"}, addresses[i].address()) ||
        !check->Address({&path, "address"}, addresses[i].address(), &bits)) {
      continue;
    }
    if (addresses[i].has_prefix()) check->Range({&path, "prefix"}, addresses[i].prefix(), 1, bits);
    if (addresses[i].peer().empty() || !check->Address({&path, "peer"}, addresses[i].peer(), &peer_bits)) continue;
    if (peer_bits != bits) check->Fail({&path, "peer"}, "is of another family than the address");
  }
}

void CheckRoutes(SpecChecker* check, const FieldPath& parent, absl::string_view field,
                 const google::protobuf::RepeatedPtrField<v1::InterfaceRoute>& routes) {
  if (!check->Count({&parent, field}, routes.size(), kMaxAddresses)) return;
  for (int i = 0; i < routes.size(); ++i) {
    const FieldPath path{&parent, field, i};
    const v1::InterfaceRoute& route = routes[i];
    check->Word({&path, "family"}, route.family(), kRouteFamilies);
    const int family_bits = route.family() == "ipv6" ? 128 : 32;
    int bits = family_bits;
    if (check->Required({&path, "destination"}, route.destination()) &&
        check->Address({&path, "destination"}, route.destination(), &bits) && bits != family_bits) {
      check->Fail({&path, "destination"}, "is not of the family of the route");
    }
    bits = family_bits;
    if (check->Required({&path, "gateway"}, route.gateway()) &&
        check->Address({&path, "gateway"}, route.gateway(), &bits) && bits != family_bits) {
      check->Fail({&path, "gateway"}, "is not of the family of the route");
    }
    if (route.has_prefix()) check->Range({&path, "prefix"}, route.prefix(), 0, family_bits);
    if (route.has_metric()) check->Range({&path, "metric"}, route.metric(), 1, UINT32_MAX);
    if (route.netmask().empty()) continue;
    const FieldPath netmask{&path, "netmask"};
    if (route.has_prefix()) {
      check->Fail(netmask, "is there beside prefix");
    } else if (family_bits != 32 || !IsNetmask(route.netmask())) {
      check->Fail(netmask, absl::StrCat("is '", Printable(route.netmask()), "', not a mask for the route"));
    }
  }
}

void CheckInterfaces(SpecChecker* check, const FieldPath& parent, const v1::Devices& devices) {
  std::set<std::string> targets;
  std::set<std::string> guests;
  for (int i = 0; i < devices.interfaces_size(); ++i) {
    const FieldPath path{&parent, "interfaces", i};
    const Interface& interface = devices.interfaces(i);
    CheckSource(check, path, interface);
    CheckMac(check, {&path, "mac_address"}, interface.mac_address());
    const std::string& target = interface.target_device();
    const std::string& guest = interface.guest_device();
    if (check->NetworkDevice({&path, "target_device"}, target) && !target.empty() && !targets.insert(target).second) {
      check->Fail({&path, "target_device"}, "is that of another interface");
    }
    if (check->NetworkDevice({&path, "guest_device"}, guest) && !guest.empty() && !guests.insert(guest).second) {
      check->Fail({&path, "guest_device"}, "is that of another interface");
    }
    CheckAddresses(check, path, "addresses", interface.addresses());
    CheckRoutes(check, path, "routes", interface.routes());
    CheckAddresses(check, path, "host_addresses", interface.host_addresses());
    CheckRoutes(check, path, "host_routes", interface.host_routes());
    if (interface.has_mtu()) check->Range({&path, "mtu"}, interface.mtu(), 68, 65535);
    check->Text({&path, "model"}, interface.model(), 64);
    CheckSwitch(check, path, interface);
    CheckFilter(check, path, interface);
  }
}

}  // namespace reeve::formats

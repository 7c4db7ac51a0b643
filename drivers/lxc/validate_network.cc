#include <algorithm>
#include <iterator>
#include <set>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "drivers/lxc/addresses.h"
#include "drivers/lxc/violations.h"

namespace reeve::lxc {
namespace {

constexpr size_t kMaximumDeviceName = 15;  // IFNAMSIZ - 1

void CheckDeviceName(const std::string& name, const std::string& field, Violations* violations) {
  if (name.empty()) return;
  const bool sound = name != "." && name != ".." && std::none_of(name.begin(), name.end(), [](unsigned char c) {
                       return c <= ' ' || c == '/' || c == ':' || c == '%' || c >= 0x7f;
                     });
  if (!sound || name.size() > kMaximumDeviceName) {
    violations->Invalid(field, absl::StrCat("'", name, "' is not an interface's name of at most 15 bytes"));
  }
}

void CheckAddresses(const google::protobuf::RepeatedPtrField<v1::InterfaceAddress>& addresses,
                    const std::string& field, Violations* violations) {
  for (int i = 0; i < addresses.size(); ++i) {
    const v1::InterfaceAddress& address = addresses[i];
    const std::string place = absl::StrCat(field, "[", i, "]");
    const std::string bytes = ParseAddress(address.address());
    if (bytes.empty()) violations->Invalid(absl::StrCat(place, ".address"), "is not an IPv4 or IPv6 address");
    if (address.has_prefix() && (address.prefix() < 1 || address.prefix() > bytes.size() * 8)) {
      violations->Invalid(absl::StrCat(place, ".prefix"), "is out of range");
    }
    if (!address.peer().empty() && ParseAddress(address.peer()).size() != bytes.size()) {
      violations->Invalid(absl::StrCat(place, ".peer"), "is not an address of the same family");
    }
  }
}

void CheckRoutes(const google::protobuf::RepeatedPtrField<v1::InterfaceRoute>& routes, const std::string& field,
                 Violations* violations) {
  for (int i = 0; i < routes.size(); ++i) {
    const v1::InterfaceRoute& route = routes[i];
    const std::string place = absl::StrCat(field, "[", i, "]");
    const size_t size = route.family() == "ipv6" || absl::StrContains(route.destination(), ":") ? 16 : 4;
    if (!route.destination().empty() && ParseAddress(route.destination()).size() != size) {
      violations->Invalid(absl::StrCat(place, ".destination"), "is not an address of the route's family");
    }
    if (!route.gateway().empty() && ParseAddress(route.gateway()).size() != size) {
      violations->Invalid(absl::StrCat(place, ".gateway"), "is not an address of the route's family");
    }
    if (route.prefix() > size * 8) violations->Invalid(absl::StrCat(place, ".prefix"), "is out of range");
  }
}

void CheckLimit(const v1::BandwidthLimit& limit, const std::string& field, Violations* violations) {
  // Above it a second's bytes, in the kernel's nanoseconds, would not fit 64 bits.
  constexpr uint64_t kMaximum = 1000000000;
  if (limit.has_floor_kilobytes_per_second()) {
    violations->Unsupported(absl::StrCat(field, ".floor_kilobytes_per_second"), "is for networks only");
  }
  if (limit.average_kilobytes_per_second() == 0) {
    violations->Invalid(absl::StrCat(field, ".average_kilobytes_per_second"), "is missing");
  }
  for (const auto& [name, value] : {std::pair("average_kilobytes_per_second", limit.average_kilobytes_per_second()),
                                    std::pair("peak_kilobytes_per_second", limit.peak_kilobytes_per_second()),
                                    std::pair("burst_kib", limit.burst_kib())}) {
    if (value > kMaximum) violations->Invalid(absl::StrCat(field, ".", name), "is more than 1000000000");
  }
  if (limit.has_peak_kilobytes_per_second() && limit.peak_kilobytes_per_second() < limit.average_kilobytes_per_second()) {
    violations->Invalid(absl::StrCat(field, ".peak_kilobytes_per_second"), "is below the average");
  }
}

// What depends on what the host's end is joined to.
void CheckInterfaceType(const v1::Interface& interface, const std::string& field, Violations* violations) {
  const bool direct = interface.type() == v1::Interface::TYPE_DIRECT;
  const bool bridge = interface.type() == v1::Interface::TYPE_BRIDGE;
  const bool ethernet = interface.type() == v1::Interface::TYPE_ETHERNET;
  if (interface.type() == v1::Interface::TYPE_UNSPECIFIED) {
    violations->Invalid(absl::StrCat(field, ".type"), "is missing");
  } else if (!direct && !bridge && !ethernet) {
    violations->Unsupported(absl::StrCat(field, ".type"),
                            absl::StrCat(v1::Interface::Type_Name(interface.type()), " is not supported"));
  }
  if (direct || bridge) {
    if (interface.source().empty()) violations->Invalid(absl::StrCat(field, ".source"), "is missing");
    CheckDeviceName(interface.source(), absl::StrCat(field, ".source"), violations);
  }
  if (ethernet && !interface.source().empty()) {
    violations->Unsupported(absl::StrCat(field, ".source"), "is not for an interface of type ethernet");
  }
  constexpr absl::string_view kModes[] = {"", "vepa", "bridge", "private", "passthrough"};
  if (std::find(std::begin(kModes), std::end(kModes), interface.source_mode()) == std::end(kModes)) {
    violations->Invalid(absl::StrCat(field, ".source_mode"),
                        absl::StrCat("'", interface.source_mode(), "' is not known"));
  }
  const std::pair<const char*, bool> only[] = {
      {".source_mode", !interface.source_mode().empty() && !direct},
      {".isolated", interface.isolated() && !bridge},
      {".host_addresses", !interface.host_addresses().empty() && !ethernet},
      {".host_routes", !interface.host_routes().empty() && !ethernet},
      {".bandwidth", interface.has_bandwidth() && direct},
      {".target_device", !interface.target_device().empty() && direct},
  };
  for (const auto& [name, wrong] : only) {
    if (wrong) violations->Unsupported(absl::StrCat(field, name), "is not for an interface of this type");
  }
  if (interface.bandwidth().has_inbound()) {
    CheckLimit(interface.bandwidth().inbound(), absl::StrCat(field, ".bandwidth.inbound"), violations);
  }
  if (interface.bandwidth().has_outbound()) {
    CheckLimit(interface.bandwidth().outbound(), absl::StrCat(field, ".bandwidth.outbound"), violations);
  }
}

}  // namespace

void CheckInterfaces(const v1::DomainSpec& spec, Violations* violations) {
  const auto& interfaces = spec.devices().interfaces();
  std::set<std::string> names;
  for (int i = 0; i < interfaces.size(); ++i) {
    const v1::Interface& interface = interfaces[i];
    const std::string field = absl::StrCat("devices.interfaces[", i, "]");
    CheckInterfaceType(interface, field, violations);
    if (!interface.mac_address().empty() && ParseMac(interface.mac_address()).empty()) {
      violations->Invalid(absl::StrCat(field, ".mac_address"),
                          absl::StrCat("'", interface.mac_address(), "' is not a unicast hardware address"));
    }
    CheckDeviceName(interface.target_device(), absl::StrCat(field, ".target_device"), violations);
    CheckDeviceName(interface.guest_device(), absl::StrCat(field, ".guest_device"), violations);
    const std::string guest = interface.guest_device().empty() ? absl::StrCat("eth", i) : interface.guest_device();
    if (guest == "lo" || !names.insert(guest).second) {
      violations->Invalid(absl::StrCat(field, ".guest_device"), absl::StrCat("'", guest, "' is used twice"));
    }
    if (interface.has_mtu() && (interface.mtu() < 68 || interface.mtu() > 65535)) {
      violations->Invalid(absl::StrCat(field, ".mtu"), "is not from 68 to 65535");
    }
    CheckAddresses(interface.addresses(), absl::StrCat(field, ".addresses"), violations);
    CheckRoutes(interface.routes(), absl::StrCat(field, ".routes"), violations);
    CheckAddresses(interface.host_addresses(), absl::StrCat(field, ".host_addresses"), violations);
    CheckRoutes(interface.host_routes(), absl::StrCat(field, ".host_routes"), violations);
  }
  for (int i = 0; i < spec.devices().host_devices_size(); ++i) {
    if (!spec.devices().host_devices(i).has_network()) continue;
    const v1::HostNetworkDevice& device = spec.devices().host_devices(i).network();
    const std::string field = absl::StrCat("devices.host_devices[", i, "].network");
    if (device.interface().empty()) violations->Invalid(absl::StrCat(field, ".interface"), "is missing");
    CheckDeviceName(device.interface(), absl::StrCat(field, ".interface"), violations);
    if (device.interface() == "lo" || !names.insert(device.interface()).second) {
      violations->Invalid(absl::StrCat(field, ".interface"), absl::StrCat("'", device.interface(), "' is used twice"));
    }
    CheckAddresses(device.addresses(), absl::StrCat(field, ".addresses"), violations);
    CheckRoutes(device.routes(), absl::StrCat(field, ".routes"), violations);
  }
}

void CheckNamespaces(const v1::DomainSpec& spec, Violations* violations) {
  const v1::NamespaceSharing& sharing = spec.namespaces();
  const bool shared = sharing.network().kind() != v1::SharedNamespace::KIND_UNSPECIFIED;
  const bool host = spec.network_mode() == v1::NETWORK_MODE_HOST;
  const bool own =
      !spec.devices().interfaces().empty() ||
      std::any_of(spec.devices().host_devices().begin(), spec.devices().host_devices().end(),
                  [](const v1::HostDevice& device) { return device.has_network(); });
  if ((shared || host) && own) {
    violations->Invalid(shared ? "namespaces.network" : "network_mode",
                        "a guest in the network of others cannot have interfaces of its own");
  }
  if (shared && spec.network_mode() != v1::NETWORK_MODE_UNSPECIFIED) {
    violations->Invalid("namespaces.network", "is there together with network_mode");
  }
  const std::pair<const char*, const v1::SharedNamespace*> all[] = {
      {"namespaces.network", &sharing.network()}, {"namespaces.ipc", &sharing.ipc()}, {"namespaces.uts", &sharing.uts()}};
  for (const auto& [field, one] : all) {
    if (one->kind() == v1::SharedNamespace::KIND_UNSPECIFIED) continue;
    const std::string& value = one->value();
    const bool sound = !value.empty() && value.size() <= 255 && value != "." && value != ".." &&
                       value.find('/') == std::string::npos && !HasZero(value);
    uint32_t pid = 0;
    if (!sound) {
      violations->Invalid(absl::StrCat(field, ".value"), "is not a name");
    } else if (one->kind() == v1::SharedNamespace::KIND_PID && (!absl::SimpleAtoi(value, &pid) || pid == 0)) {
      violations->Invalid(absl::StrCat(field, ".value"), "is not the id of a process");
    } else if (one->kind() == v1::SharedNamespace::KIND_NETNS && one != &sharing.network()) {
      violations->Invalid(absl::StrCat(field, ".kind"), "is for the network only");
    }
  }
}

}  // namespace reeve::lxc

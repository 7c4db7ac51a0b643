// Network interfaces of a domain.
#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "drivers/xen/config_sections.h"

namespace reeve::xen {
namespace {

// xl-network-configuration(5): the credit of a rate is refilled so often unless it is said.
constexpr uint32_t kRateIntervalMicroseconds = 50'000;

// A bridge of Open vSwitch with its tags, as the script vif-openvswitch reads them: "br0.10", "br0:10:20".
std::string BridgeWithTags(const v1::Interface& interface) {
  const v1::Vlan& vlan = interface.vlan();
  if (vlan.tags().empty()) return interface.source();
  if (vlan.tags_size() == 1 && !vlan.trunk()) return absl::StrCat(interface.source(), ".", vlan.tags(0).id());
  return absl::StrCat(interface.source(), ":",
                      absl::StrJoin(vlan.tags(), ":",
                                    [](std::string* out, const v1::VlanTag& tag) { absl::StrAppend(out, tag.id()); }));
}

void SetJoint(const ConfigContext& context, const v1::Interface& interface, const std::string& field,
              libxl_device_nic* out) {
  switch (interface.type()) {
    case v1::Interface::TYPE_BRIDGE:
      if (interface.source().empty()) context.violations->Invalid(absl::StrCat(field, ".source"), "is missing");
      out->bridge = CopyText(BridgeWithTags(interface));
      break;
    case v1::Interface::TYPE_ETHERNET:
      break;
    case v1::Interface::TYPE_NETWORK:
      context.violations->Unsupported(absl::StrCat(field, ".type"), "Reeve has no networks of its own yet");
      break;
    default:
      context.violations->Unsupported(
          absl::StrCat(field, ".type"),
          absl::StrCat("Xen has no interface of type ", v1::Interface::Type_Name(interface.type())));
  }
  const bool tagged = !interface.vlan().tags().empty();
  if (tagged && interface.virtual_port().type() != "openvswitch") {
    context.violations->Unsupported(absl::StrCat(field, ".vlan"), "needs a virtual port of type openvswitch");
  }
  if (!interface.script().empty()) out->script = CopyText(interface.script());
}

void SetRate(const ConfigContext& context, const v1::Interface& interface, const std::string& field,
             libxl_device_nic* out) {
  const v1::Bandwidth& bandwidth = interface.bandwidth();
  const v1::BandwidthLimit& from_guest = bandwidth.outbound();
  if (bandwidth.has_inbound() || from_guest.has_peak_kilobytes_per_second() || from_guest.has_burst_kib() ||
      from_guest.has_floor_kilobytes_per_second()) {
    context.violations->Unsupported(absl::StrCat(field, ".bandwidth"),
                                    "Xen limits the average of what the guest sends, and nothing else");
  }
  if (!from_guest.has_average_kilobytes_per_second()) return;
  const uint64_t average = from_guest.average_kilobytes_per_second();
  if (average == 0 || average > UINT64_MAX / 1024 / kRateIntervalMicroseconds) {
    return context.violations->Invalid(absl::StrCat(field, ".bandwidth.outbound.average_kilobytes_per_second"),
                                       "is no rate");
  }
  out->rate_interval_usecs = kRateIntervalMicroseconds;
  out->rate_bytes_per_interval = average * 1024 * kRateIntervalMicroseconds / 1'000'000;
}

void SetMac(const ConfigContext& context, const v1::Interface& interface, const std::string& field,
            libxl_device_nic* out) {
  if (interface.mac_address().empty()) return;
  const std::vector<std::string> parts = absl::StrSplit(interface.mac_address(), ':');
  bool sound = parts.size() == 6;
  for (size_t i = 0; sound && i < 6; ++i) {
    uint32_t byte = 0;
    sound = parts[i].size() <= 2 && absl::SimpleHexAtoi(parts[i], &byte);
    out->mac[i] = static_cast<uint8_t>(byte);
  }
  if (!sound) context.violations->Invalid(absl::StrCat(field, ".mac_address"), "is no hardware address");
}

}  // namespace

void FillInterface(const ConfigContext& context, const v1::Interface& interface, const std::string& field,
                   libxl_device_nic* out) {
  context.library.libxl_device_nic_init(out);
  SetMac(context, interface, field, out);
  SetJoint(context, interface, field, out);
  SetRate(context, interface, field, out);
  // An emulated card beside the paravirtual one, unless only the latter is wanted.
  out->nictype = context.hvm() && interface.model() != "netfront" ? LIBXL_NIC_TYPE_VIF_IOEMU : LIBXL_NIC_TYPE_VIF;
  if (!interface.model().empty()) out->model = CopyText(interface.model());
  if (!interface.target_device().empty()) out->ifname = CopyText(interface.target_device());
  if (!interface.backend_domain().empty()) out->backend_domname = CopyText(interface.backend_domain());
  if (interface.has_mtu()) out->mtu = static_cast<int>(interface.mtu());
  if (!interface.addresses().empty()) {
    std::vector<std::string> addresses;
    for (const v1::InterfaceAddress& address : interface.addresses()) {
      addresses.push_back(address.has_prefix() ? absl::StrCat(address.address(), "/", address.prefix())
                                               : address.address());
    }
    out->ip = CopyText(absl::StrJoin(addresses, " "));
  }
  if (interface.has_link_up() && !interface.link_up()) {
    context.violations->Unsupported(absl::StrCat(field, ".link_up"), "Xen cannot start with a link that is down");
  }
}

void AddInterfaces(const ConfigContext& context) {
  const auto& interfaces = context.spec.devices().interfaces();
  for (int i = 0; i < interfaces.size(); ++i) {
    libxl_device_nic* const nic = AppendElement(&context.config->nics, &context.config->num_nics);
    FillInterface(context, interfaces[i], absl::StrCat("devices.interfaces[", i, "]"), nic);
    nic->devid = i;
  }
}

}  // namespace reeve::xen

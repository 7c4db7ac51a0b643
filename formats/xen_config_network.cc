// vif: "mac=00:16:3e:00:00:01,bridge=xenbr0,script=vif-bridge".
#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "formats/mac_address.h"
#include "formats/text.h"
#include "formats/xen_config_sections.h"
#include "formats/xen_defaults.h"
#include "formats/xen_rate_text.h"

namespace reeve::formats {
namespace {

constexpr absl::string_view kModel = "netfront";  // of a guest's own Xen driver
constexpr int64_t kMaxTag = 4095;
constexpr int64_t kMaxMtu = 65535;

// What `type` says where a machine is emulated and the guest shall use Xen's driver all the same.
absl::string_view TypeOf(XenDialect dialect) {
  return dialect == XenDialect::kXl ? "vif" : "netfront";
}

void AddTag(XenConfigReader* reader, const XenPiece& piece, v1::Vlan* vlan) {
  if (const auto tag = reader->Number(piece, 10, 0, kMaxTag)) vlan->add_tags()->set_id(static_cast<uint32_t>(*tag));
}

// "ovsbr0", "ovsbr0.10" with one tag, "ovsbr0:10:20" with the tags of a trunk.
void ReadBridge(XenConfigReader* reader, const XenPiece& piece, v1::Interface* interface) {
  interface->set_type(v1::Interface::TYPE_BRIDGE);
  const absl::string_view text = piece.text;
  const size_t dot = text.find('.');
  const size_t end = dot != absl::string_view::npos ? dot : text.find(':');
  interface->set_source(std::string(text.substr(0, end)));
  if (end == absl::string_view::npos) return;
  interface->mutable_virtual_port()->set_type("openvswitch");
  v1::Vlan* vlan = interface->mutable_vlan();
  if (dot != absl::string_view::npos) {
    AddTag(reader, {text.substr(dot + 1), piece.offset + dot + 1}, vlan);
    return;
  }
  vlan->set_trunk(true);
  for (size_t start = end + 1; start <= text.size();) {
    const size_t next = std::min(text.find(':', start), text.size());
    AddTag(reader, {text.substr(start, next - start), piece.offset + start}, vlan);
    start = next + 1;
  }
}

void ReadRate(XenConfigReader* reader, const XenPiece& piece, v1::Interface* interface) {
  const auto rate = ParseXenRateText(piece.text);
  if (!rate) {
    reader->Fail(piece.offset, absl::StrCat("has the rate '", Printable(piece.text), "', not such as 10MB/s"));
    return;
  }
  if (!rate->exact) reader->Warn(piece.offset, "has a rate with an interval or below whole KB/s, which are ignored");
  interface->mutable_bandwidth()->mutable_outbound()->set_average_kilobytes_per_second(rate->kilobytes_per_second);
}

struct Draft {
  v1::Interface* interface;
  absl::string_view type;
};

// Whether the key is known.
bool ReadOption(XenConfigReader* reader, const XenOption& option, Draft* draft) {
  const absl::string_view key = option.key.text;
  const std::string value(option.value.text);
  v1::Interface* interface = draft->interface;
  if (key == "mac") {
    const auto mac = NormalMacAddress(value);
    if (mac) {
      interface->set_mac_address(*mac);
    } else {
      reader->Fail(option.value.offset, absl::StrCat("has '", Printable(value), "', not a hardware address"));
    }
  } else if (key == "bridge") {
    if (!value.empty()) ReadBridge(reader, option.value, interface);
  } else if (key == "script") {
    interface->set_script(value);
  } else if (key == "model") {
    interface->set_model(value);
  } else if (key == "type") {
    draft->type = option.value.text;
  } else if (key == "vifname") {
    interface->set_target_device(value);
  } else if (key == "ip") {
    for (const absl::string_view address : absl::StrSplit(option.value.text, ' ', absl::SkipEmpty())) {
      interface->add_addresses()->set_address(std::string(address));
    }
  } else if (key == "rate") {
    ReadRate(reader, option.value, interface);
  } else if (key == "backend") {
    interface->set_backend_domain(value);
  } else if (key == "mtu") {
    const auto mtu = reader->Number(option.value, 10, 0, kMaxMtu);
    if (mtu) interface->set_mtu(static_cast<uint32_t>(*mtu));
  } else {
    return false;
  }
  return true;
}

void ReadInterface(XenConfigReader* reader, const XenPiece& piece, v1::Interface* interface) {
  Draft draft{interface, {}};
  interface->set_type(v1::Interface::TYPE_ETHERNET);
  for (const XenOption& option : SplitXenOptions(piece)) {
    const XenPiece& place = option.key;
    if (place.text.empty() && option.value.text.empty()) continue;
    if (place.text.empty()) {
      reader->Fail(place.offset, absl::StrCat("has '", Printable(option.value.text), "', not NAME=VALUE"));
    } else if (!ReadOption(reader, option, &draft)) {
      reader->Warn(place.offset, absl::StrCat("has '", Printable(place.text), "', which has no form and is ignored"));
    }
  }
  if (interface->script() == "vif-bridge" || interface->script() == "vif-vnic") {
    interface->set_type(v1::Interface::TYPE_BRIDGE);
  }
  if (interface->model().empty() && draft.type == TypeOf(reader->dialect())) interface->set_model(std::string(kModel));
}

// The tags after the name of a bridge of Open vSwitch.
std::string TagsOf(const v1::Interface& interface) {
  std::string tags;
  if (interface.virtual_port().type() != "openvswitch") return tags;
  const bool trunk = interface.vlan().trunk() || interface.vlan().tags_size() > 1;
  for (const v1::VlanTag& tag : interface.vlan().tags()) absl::StrAppend(&tags, trunk ? ":" : ".", tag.id());
  return tags;
}

std::string TextOf(const v1::Interface& interface, bool hvm, XenDialect dialect) {
  std::vector<std::string> parts;
  const auto add = [&](absl::string_view key, absl::string_view value) {
    if (!value.empty()) parts.push_back(absl::StrCat(key, "=", value));
  };
  const std::string addresses = absl::StrJoin(interface.addresses(), " ", [](std::string* out, const auto& address) {
    absl::StrAppend(out, address.address());
  });
  add("mac", interface.mac_address());
  if (interface.type() == v1::Interface::TYPE_BRIDGE) {
    if (!interface.source().empty()) add("bridge", absl::StrCat(interface.source(), TagsOf(interface)));
    add("ip", addresses);
    add("script", interface.script());
  } else {
    add("script", interface.script());
    add("ip", addresses);
  }
  const bool by_type = hvm && interface.model() == kModel;
  add(by_type ? "type" : "model", by_type ? TypeOf(dialect) : absl::string_view(interface.model()));
  add("vifname", interface.target_device());
  const v1::BandwidthLimit& outbound = interface.bandwidth().outbound();
  if (outbound.average_kilobytes_per_second() != 0) {
    add("rate", WriteXenRateText(outbound.average_kilobytes_per_second()));
  }
  add("backend", interface.backend_domain());
  if (interface.has_mtu()) add("mtu", absl::StrCat(interface.mtu()));
  return absl::StrJoin(parts, ",");
}

}  // namespace

void ReadXenInterfaces(XenConfigReader* reader, v1::DomainSpec* spec) {
  int place = 0;
  for (const XenPiece& piece : reader->TakeList("vif")) {
    reader->Remember(absl::StrCat("spec.devices.interfaces[", place++, "]"), piece.offset);
    ReadInterface(reader, piece, spec->mutable_devices()->add_interfaces());
  }
}

void WriteXenInterfaces(const v1::DomainSpec& spec, XenConfigWriter* writer) {
  std::vector<std::string> texts;
  for (int i = 0; i < spec.devices().interfaces_size(); ++i) {
    const v1::Interface& interface = spec.devices().interfaces(i);
    if (interface.type() == v1::Interface::TYPE_NETWORK) {
      // Its bridge is known to the host that has the network only.
      writer->faults.push_back({absl::StrCat("spec.devices.interfaces[", i, "].type"),
                                "is a network, whose bridge a configuration would have to name"});
      continue;
    }
    texts.push_back(TextOf(interface, IsXenHvm(spec), writer->dialect));
  }
  writer->List("vif", texts);
}

}  // namespace reeve::formats

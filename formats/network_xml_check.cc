#include "formats/network_xml_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Forward = v1::NetworkForward;

// Where the network has a bridge of its own.
bool IsRouted(const v1::NetworkSpec& spec) {
  if (!spec.has_forward()) return true;
  const auto mode = spec.forward().mode();
  return mode == Forward::MODE_NAT || mode == Forward::MODE_ROUTE || mode == Forward::MODE_OPEN;
}

bool HasDevices(const Forward& forward) {
  return !forward.interfaces().empty() || !forward.addresses().empty() || !forward.physical_function().empty();
}

void CheckBridge(XmlReader* reader, pugi::xml_node root, const v1::NetworkSpec& spec) {
  const pugi::xml_node bridge = root.child("bridge");
  const auto mode = spec.forward().mode();
  const std::string in_mode = absl::StrCat(" in forward mode ", ForwardModeName(mode));
  if (spec.bridge().has_stp() || spec.bridge().has_delay_seconds()) {
    reader->Invalid(bridge, absl::StrCat("has stp or delay, which it cannot have", in_mode));
  }
  if (mode == Forward::MODE_BRIDGE) {
    if (!spec.bridge().name().empty() && HasDevices(spec.forward())) {
      reader->Invalid(bridge, "has a name, and <forward> has a device");
    }
    return;
  }
  if (!spec.bridge().name().empty()) reader->Invalid(bridge, absl::StrCat("has a name, which it cannot have", in_mode));
  if (!spec.bridge().mac_table_manager().empty()) {
    reader->Invalid(bridge, absl::StrCat("has macTableManager, which it cannot have", in_mode));
  }
}

}  // namespace

void CheckNetwork(XmlReader* reader, pugi::xml_node root, const v1::NetworkSpec& spec) {
  const pugi::xml_node forward = root.child("forward");
  const auto mode = spec.forward().mode();
  if (mode == Forward::MODE_NAT || mode == Forward::MODE_ROUTE) {
    if (spec.ips().empty()) {
      reader->Invalid(forward, absl::StrCat("is of mode ", ForwardModeName(mode), ", and the network has no <ip>"));
    }
    if (spec.forward().interfaces_size() > 1) reader->Invalid(forward, "has more than one device");
  }
  if (mode == Forward::MODE_OPEN && HasDevices(spec.forward())) {
    reader->Invalid(forward, "is of mode open and has a device");
  }
  if (mode != Forward::MODE_NAT && spec.forward().has_nat()) {
    reader->Invalid(forward.child("nat"), "is there in a forward mode other than nat");
  }
  if (mode != Forward::MODE_HOSTDEV && !spec.forward().driver().empty()) {
    reader->Invalid(forward.child("driver"), "is there in a forward mode other than hostdev");
  }
  if (IsRouted(spec)) return;
  CheckBridge(reader, root, spec);
  if (spec.has_mtu()) {
    reader->Invalid(root.child("mtu"), absl::StrCat("cannot be in forward mode ", ForwardModeName(mode)));
  }
}

}  // namespace reeve::formats

#include "formats/ip_address.h"
#include "formats/network_xml_sections.h"
#include "formats/pci_address_xml.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Forward = v1::NetworkForward;
using Nat = v1::NetworkNat;

constexpr absl::string_view kModes[] = {"nat", "route", "open", "bridge", "private", "vepa", "passthrough", "hostdev"};
constexpr absl::string_view kDrivers[] = {"kvm", "vfio", "xen"};

struct Draft {
  Forward* forward;
  std::string device;
};

constexpr XmlAttributeRule<Draft> kAttributes[] = {
    {"dev", [](XmlReader*, const XmlValue& value, Draft* draft) { draft->device = std::string(value.text); }},
    {"mode",
     [](XmlReader* reader, const XmlValue& value, Draft* draft) {
       if (const auto place = reader->OneOf(value, kModes)) {
         draft->forward->set_mode(static_cast<Forward::Mode>(*place + 1));
       }
     }},
    {"managed", [](XmlReader* reader, const XmlValue& value,
                   Draft* draft) { AttributeYesNo<&Forward::set_managed>(reader, value, draft->forward); }},
};

struct Device {
  std::string name;
};
constexpr XmlAttributeRule<Device> kDeviceAttributes[] = {
    {"dev", [](XmlReader*, const XmlValue& value, Device* device) { device->name = std::string(value.text); }},
    {"connections", AttributeState},
};

// The attribute dev of an element; empty after a fault.
std::string ReadDevice(XmlReader* reader, pugi::xml_node element) {
  Device device;
  ReadXml<Device>(reader, element, {.attributes = kDeviceAttributes}, &device);
  if (device.name.empty()) reader->Invalid(element, "has no device");
  return device.name;
}

void ReadInterface(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  std::string device = ReadDevice(reader, element);
  for (const std::string& other : draft->forward->interfaces()) {
    if (other == device) return reader->Invalid(element, absl::StrCat("names the device ", device, " again"));
  }
  draft->forward->add_interfaces(std::move(device));
}

void ReadAddress(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  v1::PciDeviceAddress address;
  // The count of those that use it is state, not part of the address.
  pugi::xml_node plain = element;
  if (const auto connections = element.attribute("connections")) {
    reader->Ignored(XmlValue{connections.value(), element, connections}, "is state of the object and is ignored");
    plain.remove_attribute(connections);
  }
  ReadPciAddress(reader, plain, PciAddressForm::kTyped, &address);
  for (const auto& other : draft->forward->addresses()) {
    if (IsSamePciAddress(other, address)) return reader->Invalid(element, "is there twice");
  }
  *draft->forward->add_addresses() = address;
}

void ReadPhysicalFunction(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  draft->forward->set_physical_function(ReadDevice(reader, element));
}

constexpr XmlAttributeRule<Forward> kDriverAttributes[] = {
    {"name", AttributeWord<&Forward::mutable_driver, kDrivers>},
};
void ReadDriver(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  RequireAttributes(reader, element, {"name"});
  ReadXml<Forward>(reader, element, {.attributes = kDriverAttributes}, draft->forward);
}

constexpr XmlAttributeRule<v1::AddressRange> kAddressAttributes[] = {
    {"start", AttributeIp<&v1::AddressRange::mutable_start>},
    {"end", AttributeIp<&v1::AddressRange::mutable_end>},
};
constexpr XmlRules<v1::AddressRange> kAddressRules{.attributes = kAddressAttributes};

void CheckNatAddresses(XmlReader* reader, pugi::xml_node element, const v1::AddressRange& range) {
  RequireAttributes(reader, element, {"start"});
  const auto start = ParseIpAddress(range.start());
  const auto end = ParseIpAddress(range.end());
  if (start && start->is_ipv6) reader->Invalid(element, "is not IPv4");
  if (start && end && CountOfRange(*start, *end, 2) == 0) reader->Invalid(element, "ends before it starts");
}

template <auto Set>
void ReadPort(XmlReader* reader, const XmlValue& value, v1::PortRange* range) {
  if (const auto port = reader->Unsigned(value, 65535)) {
    *port == 0 ? reader->Invalid(value, "is 0") : (range->*Set)(static_cast<uint32_t>(*port));
  }
}

constexpr XmlAttributeRule<v1::PortRange> kPortAttributes[] = {
    {"start", ReadPort<&v1::PortRange::set_start>},
    {"end", ReadPort<&v1::PortRange::set_end>},
};
constexpr XmlRules<v1::PortRange> kPortRules{.attributes = kPortAttributes};

void CheckNatPorts(XmlReader* reader, pugi::xml_node element, const v1::PortRange& range) {
  RequireAttributes(reader, element, {"start", "end"});
  if (range.end() < range.start()) reader->Invalid(element, "ends before it starts");
}

constexpr XmlAttributeRule<Nat> kNatAttributes[] = {{"ipv6", AttributeYesNo<&Nat::set_ipv6>}};
constexpr XmlElementRule<Nat> kNatElements[] = {
    {"address", XmlCount::kOnce, ElementChecked<&Nat::mutable_addresses, kAddressRules, CheckNatAddresses>},
    {"port", XmlCount::kOnce, ElementChecked<&Nat::mutable_ports, kPortRules, CheckNatPorts>},
};

void ReadNat(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  ReadXml<Nat>(reader, element, {.attributes = kNatAttributes, .elements = kNatElements},
               draft->forward->mutable_nat());
}

constexpr XmlElementRule<Draft> kElements[] = {
    {"interface", XmlCount::kRepeated, ReadInterface},
    {"address", XmlCount::kRepeated, ReadAddress},
    {"pf", XmlCount::kOnce, ReadPhysicalFunction},
    {"driver", XmlCount::kOnce, ReadDriver},
    {"nat", XmlCount::kOnce, ReadNat},
};

void WriteNat(XmlWriter* writer, const Nat& nat) {
  if (!nat.has_ipv6() && !nat.has_addresses() && !nat.has_ports()) return;
  writer->Begin("nat");
  if (nat.has_ipv6()) writer->Attribute("ipv6", YesNo(nat.ipv6()));
  if (nat.has_addresses()) {
    writer->Begin("address")
        .Attribute("start", nat.addresses().start())
        .OptionalAttribute("end", nat.addresses().end())
        .End();
  }
  if (nat.has_ports()) {
    writer->Begin("port").Attribute("start", nat.ports().start()).Attribute("end", nat.ports().end()).End();
  }
  writer->End();
}

}  // namespace

absl::string_view ForwardModeName(Forward::Mode mode) {
  const bool known = mode != Forward::MODE_UNSPECIFIED && Forward::Mode_IsValid(mode);
  return known ? kModes[mode - 1] : kModes[0];
}

void ReadForward(XmlReader* reader, pugi::xml_node element, v1::NetworkSpec* spec) {
  Forward* forward = spec->mutable_forward();
  forward->set_mode(Forward::MODE_NAT);
  Draft draft{forward, {}};
  ReadXml<Draft>(reader, element, {.attributes = kAttributes, .elements = kElements}, &draft);
  const int kinds = (forward->interfaces().empty() ? 0 : 1) + (forward->addresses().empty() ? 0 : 1) +
                    (forward->physical_function().empty() ? 0 : 1);
  if (kinds > 1) reader->Invalid(element, "has more than one of <interface>, <address> and <pf>");
  if (draft.device.empty()) return;
  if (!forward->addresses().empty() || !forward->physical_function().empty()) {
    reader->Invalid(element, "has a device and <address> or <pf>");
  } else if (forward->interfaces().empty()) {
    forward->add_interfaces(draft.device);
  } else if (forward->interfaces(0) != draft.device) {
    reader->Invalid(element, "has a device that is not its first <interface>");
  }
}

void WriteForward(XmlWriter* writer, const Forward& forward) {
  writer->Begin("forward");
  if (!forward.interfaces().empty()) writer->Attribute("dev", forward.interfaces(0));
  writer->Attribute("mode", ForwardModeName(forward.mode()));
  if (forward.mode() == Forward::MODE_HOSTDEV) writer->Attribute("managed", YesNo(forward.managed()));
  if (!forward.driver().empty()) writer->Begin("driver").Attribute("name", forward.driver()).End();
  WriteNat(writer, forward.nat());
  if (!forward.physical_function().empty()) {
    writer->Begin("pf").Attribute("dev", forward.physical_function()).End();
  }
  for (const std::string& device : forward.interfaces()) writer->Begin("interface").Attribute("dev", device).End();
  for (const auto& address : forward.addresses()) WritePciAddress(writer, PciAddressForm::kTyped, address);
  writer->End();
}

}  // namespace reeve::formats

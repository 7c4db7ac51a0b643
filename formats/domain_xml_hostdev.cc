#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/strip.h"
#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Device = v1::HostDevice;
using Network = v1::HostNetworkDevice;
using Usb = v1::HostUsbDevice;

constexpr Words<2> kModes = {"capabilities", "subsystem"};
constexpr Words<3> kCapabilityTypes = {"storage", "misc", "net"};
constexpr Words<2> kSubsystemTypes = {"usb", "pci"};

// What of <source> is what, by the two attributes of <hostdev>.
constexpr XmlElementRule<Device> kStorageSource[] = {
    {"block", XmlCount::kOnce, ElementText<&Device::mutable_storage_block>},
};
constexpr XmlElementRule<Device> kMiscSource[] = {
    {"char", XmlCount::kOnce, ElementText<&Device::mutable_misc_character>},
};
constexpr XmlElementRule<Device> kNetworkSource[] = {
    {"interface", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Device* device) {
       ElementText<&Network::mutable_interface>(reader, element, device->mutable_network());
     }},
};

// Vendor and product are hexadecimal with "0x", or decimal.
template <auto Set>
void ReadUsbId(XmlReader* reader, pugi::xml_node element, Usb* usb) {
  struct Id {
    XmlValue value;
  } id;
  static constexpr XmlAttributeRule<Id> kIdAttributes[] = {
      {"id", [](XmlReader*, const XmlValue& value, Id* out) { out->value = value; }},
  };
  ReadXml<Id>(reader, element, {.attributes = kIdAttributes}, &id);
  if (!id.value.element) return reader->Invalid(element, "has no attribute id");
  uint32_t number = 0;
  const bool hexadecimal = absl::StartsWith(id.value.text, "0x");
  const bool is_number =
      hexadecimal ? absl::SimpleHexAtoi(id.value.text, &number) : absl::SimpleAtoi(id.value.text, &number);
  if (!is_number) return reader->Invalid(id.value, "is not a number");
  (usb->*Set)(number);
}

constexpr XmlAttributeRule<Usb> kUsbAddress[] = {
    {"bus", AttributeNumber<&Usb::set_bus>},
    {"device", AttributeNumber<&Usb::set_device>},
};

constexpr XmlAttributeRule<Usb> kUsbAttributes[] = {
    {"startupPolicy", AttributeWord<&Usb::mutable_startup_policy, kStartupPolicies>},
};

constexpr XmlElementRule<Usb> kUsbElements[] = {
    {"vendor", XmlCount::kOnce, ReadUsbId<&Usb::set_vendor>},
    {"product", XmlCount::kOnce, ReadUsbId<&Usb::set_product>},
    {"address", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Usb* usb) {
       ReadXml<Usb>(reader, element, {.attributes = kUsbAddress}, usb);
     }},
};

struct Draft {
  Device* device;
  absl::Span<const XmlElementRule<Device>> source;  // empty for USB
};

void ReadSource(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  if (draft->source.empty()) {
    return ReadXml<Usb>(reader, element, {.attributes = kUsbAttributes, .elements = kUsbElements},
                        draft->device->mutable_usb());
  }
  ReadXml<Device>(reader, element, {.elements = draft->source}, draft->device);
}

constexpr XmlElementRule<Draft> kElements[] = {
    {"source", XmlCount::kOnce, ReadSource},
    {"alias", XmlCount::kOnce, ElementIgnored},
};

constexpr XmlElementRule<Draft> kNetworkElements[] = {
    {"source", XmlCount::kOnce, ReadSource},
    {"ip", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Draft* draft) {
       ReadAddress(reader, element, draft->device->mutable_network()->add_addresses());
     }},
    {"route", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Draft* draft) {
       ReadRoute(reader, element, draft->device->mutable_network()->add_routes());
     }},
    {"alias", XmlCount::kOnce, ElementIgnored},
};

// Read before the rest, which depends on them.
void PassAttribute(XmlReader*, const XmlValue&, Draft*) {}

constexpr XmlAttributeRule<Draft> kCapabilityAttributes[] = {
    {"mode", PassAttribute},
    {"type", PassAttribute},
};

constexpr XmlAttributeRule<Draft> kUsbHostAttributes[] = {
    {"mode", PassAttribute},
    {"type", PassAttribute},
    {"managed", [](XmlReader* reader, const XmlValue& value,
                   Draft* draft) { AttributeYesNo<&Usb::set_managed>(reader, value, draft->device->mutable_usb()); }},
};

using Pci = v1::HostPciDevice;

constexpr XmlAttributeRule<Device> kPciHostAttributes[] = {
    {"mode", [](XmlReader*, const XmlValue&, Device*) {}},
    {"type", [](XmlReader*, const XmlValue&, Device*) {}},
    {"managed", [](XmlReader* reader, const XmlValue& value,
                   Device* device) { AttributeYesNo<&Pci::set_managed>(reader, value, device->mutable_pci()); }},
};

constexpr XmlAttributeRule<Pci> kPciAddress[] = {
    {"type",
     [](XmlReader* reader, const XmlValue& value, Pci*) {
       if (value.text != "pci") reader->UnknownValue(value);
     }},
    {"domain", AttributeHexadecimal<&Pci::set_domain>},
    {"bus", AttributeHexadecimal<&Pci::set_bus>},
    {"slot", AttributeHexadecimal<&Pci::set_slot>},
    {"function", AttributeHexadecimal<&Pci::set_function>},
};

constexpr XmlAttributeRule<Pci> kPciSource[] = {
    {"writeFiltering", AttributeYesNo<&Pci::set_write_filtering>},
};

constexpr XmlElementRule<Pci> kPciSourceElements[] = {
    {"address", XmlCount::kOnce, ElementAttributes<kPciAddress, Pci>},
};

constexpr XmlAttributeRule<Pci> kPciDriver[] = {
    {"name", AttributeWord<&Pci::mutable_driver_name, kHostPciDrivers>},
};

constexpr XmlElementRule<Device> kPciElements[] = {
    {"driver", XmlCount::kOnce, ElementAttributesOf<&Device::mutable_pci, kPciDriver, Device>},
    {"source", XmlCount::kOnce, ElementOf<&Device::mutable_pci, kPciSource, kPciSourceElements, Device>},
    {"boot", XmlCount::kOnce, ElementBootOrder<&Device::set_boot_order, Device>},
    {"alias", XmlCount::kOnce, ElementAlias<&Device::mutable_alias, Device>},
    {"rom", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Device* device) {
       ReadRom(reader, element, device->mutable_rom());
     }},
    {"address", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Device* device) {
       ReadBusAddress(reader, element, device->mutable_address());
     }},
};

void WritePci(XmlWriter* writer, const Device& device) {
  const Pci& pci = device.pci();
  writer->Attribute("managed", pci.managed() ? "yes" : "no");
  if (!pci.driver_name().empty()) writer->Begin("driver").Attribute("name", pci.driver_name()).End();
  writer->Begin("source");
  if (pci.has_write_filtering()) writer->Attribute("writeFiltering", pci.write_filtering() ? "yes" : "no");
  writer->Begin("address")
      .Attribute("domain", absl::StrFormat("0x%04x", pci.domain()))
      .Attribute("bus", absl::StrFormat("0x%02x", pci.bus()))
      .Attribute("slot", absl::StrFormat("0x%02x", pci.slot()))
      .Attribute("function", absl::StrFormat("0x%x", pci.function()))
      .End();
  writer->End();
  if (device.has_boot_order()) WriteBootOrder(writer, device.boot_order());
  WriteAlias(writer, device.alias());
  if (device.has_rom()) WriteRom(writer, device.rom());
  if (device.has_address()) WriteBusAddress(writer, device.address());
}

XmlRules<Draft> RulesOf(bool subsystem, size_t type, Draft* draft) {
  if (subsystem) return {.attributes = kUsbHostAttributes, .elements = kElements};
  switch (type) {
    case 0:
      draft->source = kStorageSource;
      break;
    case 1:
      draft->source = kMiscSource;
      break;
    default:
      draft->source = kNetworkSource;
      return {.attributes = kCapabilityAttributes, .elements = kNetworkElements};
  }
  return {.attributes = kCapabilityAttributes, .elements = kElements};
}

void WriteUsb(XmlWriter* writer, const Usb& usb) {
  writer->Attribute("managed", usb.managed() ? "yes" : "no");
  writer->Begin("source").OptionalAttribute("startupPolicy", usb.startup_policy());
  if (usb.has_vendor()) writer->Begin("vendor").Attribute("id", absl::StrFormat("0x%04x", usb.vendor())).End();
  if (usb.has_product()) writer->Begin("product").Attribute("id", absl::StrFormat("0x%04x", usb.product())).End();
  if (usb.has_bus() || usb.has_device()) {
    writer->Begin("address").Attribute("bus", usb.bus()).Attribute("device", usb.device()).End();
  }
  writer->End();
}

void WriteCapability(XmlWriter* writer, absl::string_view type, absl::string_view element, absl::string_view source) {
  writer->Begin("hostdev").Attribute("mode", "capabilities").Attribute("type", type);
  writer->Begin("source");
  writer->Element(element, source);
  writer->End();
}

}  // namespace

void ReadHostDevice(XmlReader* reader, pugi::xml_node element, v1::Devices* devices) {
  Device* device = devices->add_host_devices();
  const pugi::xml_attribute mode = element.attribute("mode");
  const pugi::xml_attribute type = element.attribute("type");
  if (!mode || !type) return reader->Invalid(element, absl::StrCat("has no attribute ", !mode ? "mode" : "type"));
  if (!element.child("source")) reader->Invalid(element, "has no element source");
  const auto mode_place = reader->OneOf({mode.value(), element, mode}, kModes);
  if (!mode_place) return;
  const bool subsystem = *mode_place == 1;
  const auto type_place =
      reader->OneOf({type.value(), element, type}, subsystem ? absl::MakeConstSpan(kSubsystemTypes) : kCapabilityTypes);
  if (!type_place) return;
  if (subsystem && *type_place == 1) {
    return ReadXml<Device>(reader, element, {.attributes = kPciHostAttributes, .elements = kPciElements}, device);
  }
  Draft draft{device, {}};
  ReadXml<Draft>(reader, element, RulesOf(subsystem, *type_place, &draft), &draft);
}

void WriteHostDevice(XmlWriter* writer, const Device& device) {
  switch (device.device_case()) {
    case Device::kStorageBlock:
      WriteCapability(writer, "storage", "block", device.storage_block());
      break;
    case Device::kMiscCharacter:
      WriteCapability(writer, "misc", "char", device.misc_character());
      break;
    case Device::kNetwork:
      WriteCapability(writer, "net", "interface", device.network().interface());
      for (const auto& address : device.network().addresses()) WriteAddress(writer, address);
      for (const auto& route : device.network().routes()) WriteRoute(writer, route);
      break;
    case Device::kUsb:
      writer->Begin("hostdev").Attribute("mode", "subsystem").Attribute("type", "usb");
      WriteUsb(writer, device.usb());
      break;
    case Device::kPci:
      writer->Begin("hostdev").Attribute("mode", "subsystem").Attribute("type", "pci");
      WritePci(writer, device);
      break;
    case Device::DEVICE_NOT_SET:
      return;
  }
  writer->End();
}

}  // namespace reeve::formats

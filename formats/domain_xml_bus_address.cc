#include "absl/strings/str_format.h"
#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Address = v1::DeviceAddress;

constexpr XmlAttributeRule<Address> kAttributes[] = {
    {"type", AttributeWord<&Address::mutable_type, kAddressTypes>},
    {"domain", AttributeHexadecimal<&Address::set_domain>},
    {"bus", AttributeHexadecimal<&Address::set_bus>},
    {"slot", AttributeHexadecimal<&Address::set_slot>},
    {"function", AttributeHexadecimal<&Address::set_function>},
    {"multifunction", AttributeOnOff<&Address::set_multifunction>},
    {"controller", AttributeNumber<&Address::set_controller>},
    {"target", AttributeNumber<&Address::set_target>},
    {"unit", AttributeNumber<&Address::set_unit>},
    {"port", AttributeText<&Address::mutable_port>},
    {"reg", AttributeHexadecimal<&Address::set_reg>},
    {"cssid", AttributeHexadecimal<&Address::set_cssid>},
    {"ssid", AttributeHexadecimal<&Address::set_ssid>},
    {"devno", AttributeHexadecimal<&Address::set_devno>},
    {"iobase", AttributeHexadecimal<&Address::set_iobase>},
    {"irq", AttributeHexadecimal<&Address::set_irq>},
    {"base", AttributeHexadecimal<&Address::set_base>},
};

}  // namespace

void ReadBusAddress(XmlReader* reader, pugi::xml_node element, v1::DeviceAddress* address) {
  if (!element.attribute("type")) reader->Invalid(element, "has no attribute type");
  ReadXml<Address>(reader, element, {.attributes = kAttributes}, address);
}

void WriteBusAddress(XmlWriter* writer, const v1::DeviceAddress& address) {
  const std::string& type = address.type();
  const auto hexadecimal = [writer](absl::string_view name, bool has, const auto& text) {
    if (has) writer->Attribute(name, absl::string_view(text));
  };
  const auto decimal = [writer](absl::string_view name, bool has, uint32_t number) {
    if (has) writer->Attribute(name, number);
  };
  const bool pci = type == "pci";
  writer->Begin("address").Attribute("type", type);
  hexadecimal("domain", address.has_domain() || pci, absl::StrFormat("0x%04x", address.domain()));
  decimal("controller", address.has_controller(), address.controller());
  if (pci) {
    hexadecimal("bus", true, absl::StrFormat("0x%02x", address.bus()));
  } else {
    decimal("bus", address.has_bus(), address.bus());
  }
  if (pci) {
    hexadecimal("slot", true, absl::StrFormat("0x%02x", address.slot()));
  } else {
    decimal("slot", address.has_slot(), address.slot());
  }
  hexadecimal("function", address.has_function() || pci, absl::StrFormat("0x%x", address.function()));
  if (address.has_multifunction()) writer->Attribute("multifunction", address.multifunction() ? "on" : "off");
  decimal("target", address.has_target(), address.target());
  decimal("unit", address.has_unit(), address.unit());
  writer->OptionalAttribute("port", address.port());
  hexadecimal("reg", address.has_reg(), absl::StrFormat("0x%08x", address.reg()));
  hexadecimal("cssid", address.has_cssid(), absl::StrFormat("0x%x", address.cssid()));
  hexadecimal("ssid", address.has_ssid(), absl::StrFormat("0x%x", address.ssid()));
  hexadecimal("devno", address.has_devno(), absl::StrFormat("0x%04x", address.devno()));
  hexadecimal("iobase", address.has_iobase(), absl::StrFormat("0x%x", address.iobase()));
  hexadecimal("irq", address.has_irq(), absl::StrFormat("0x%x", address.irq()));
  hexadecimal("base", address.has_base(), absl::StrFormat("0x%x", address.base()));
  writer->End();
}

void WriteAlias(XmlWriter* writer, const std::string& alias) {
  if (!alias.empty()) writer->Begin("alias").Attribute("name", alias).End();
}

void WriteBootOrder(XmlWriter* writer, uint32_t order) {
  writer->Begin("boot").Attribute("order", order).End();
}

namespace {

constexpr XmlAttributeRule<v1::OptionRom> kRomAttributes[] = {
    {"bar", AttributeOnOff<&v1::OptionRom::set_bar>},
    {"file", AttributeText<&v1::OptionRom::mutable_file>},
    {"enabled", AttributeYesNo<&v1::OptionRom::set_enabled>},
};

}  // namespace

void ReadRom(XmlReader* reader, pugi::xml_node element, v1::OptionRom* rom) {
  ReadXml<v1::OptionRom>(reader, element, {.attributes = kRomAttributes}, rom);
}

void WriteRom(XmlWriter* writer, const v1::OptionRom& rom) {
  writer->Begin("rom");
  if (rom.has_enabled()) writer->Attribute("enabled", rom.enabled() ? "yes" : "no");
  if (rom.has_bar()) writer->Attribute("bar", rom.bar() ? "on" : "off");
  writer->OptionalAttribute("file", rom.file()).End();
}

}  // namespace reeve::formats

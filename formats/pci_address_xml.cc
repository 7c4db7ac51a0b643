#include "formats/pci_address_xml.h"

#include "absl/strings/str_format.h"
#include "formats/xml_number.h"

namespace reeve::formats {
namespace {

using Address = v1::PciDeviceAddress;

template <auto Set, uint64_t kMax>
void Part(XmlReader* reader, const XmlValue& value, Address* address) {
  if (const auto number = ReadAnyNumber(reader, value, kMax)) (address->*Set)(static_cast<uint32_t>(*number));
}

void Type(XmlReader* reader, const XmlValue& value, Address*) {
  if (value.text != "pci") reader->UnknownValue(value);
}

constexpr XmlAttributeRule<Address> kTyped[] = {
    {"type", Type},
    {"domain", Part<&Address::set_domain, 0xffffffff>},
    {"bus", Part<&Address::set_bus, 0xff>},
    {"slot", Part<&Address::set_slot, 0x1f>},
    {"function", Part<&Address::set_function, 7>},
};
constexpr auto kPlain = absl::MakeConstSpan(kTyped).subspan(1);

}  // namespace

void ReadPciAddress(XmlReader* reader, pugi::xml_node element, PciAddressForm form, Address* address) {
  const bool typed = form == PciAddressForm::kTyped;
  if (typed && !element.attribute("type")) reader->Invalid(element, "has no attribute type");
  ReadXml<Address>(reader, element, {.attributes = typed ? absl::MakeConstSpan(kTyped) : kPlain}, address);
}

void WritePciAddress(XmlWriter* writer, PciAddressForm form, const Address& address) {
  writer->Begin("address");
  if (form == PciAddressForm::kTyped) writer->Attribute("type", "pci");
  writer->Attribute("domain", absl::StrFormat("0x%04x", address.domain()))
      .Attribute("bus", absl::StrFormat("0x%02x", address.bus()))
      .Attribute("slot", absl::StrFormat("0x%02x", address.slot()))
      .Attribute("function", absl::StrFormat("0x%d", address.function()))
      .End();
}

bool IsSamePciAddress(const Address& left, const Address& right) {
  return left.domain() == right.domain() && left.bus() == right.bus() && left.slot() == right.slot() &&
         left.function() == right.function();
}

}  // namespace reeve::formats

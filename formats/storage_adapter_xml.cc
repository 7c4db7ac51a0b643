#include <algorithm>

#include "absl/strings/ascii.h"
#include "formats/pci_address_xml.h"
#include "formats/storage_xml_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Adapter = v1::StorageAdapter;

constexpr absl::string_view kTypes[] = {"scsi_host", "fc_host"};

template <auto Mutable>
void ReadWorldWideName(XmlReader* reader, const XmlValue& value, Adapter* adapter) {
  absl::string_view digits = value.text;
  if (digits.substr(0, 2) == "0x") digits.remove_prefix(2);
  if (digits.size() != 16 || !std::all_of(digits.begin(), digits.end(), absl::ascii_isxdigit)) {
    return reader->Invalid(value, "is not a world wide name of 16 hexadecimal digits");
  }
  *(adapter->*Mutable)() = std::string(value.text);
}

constexpr XmlAttributeRule<Adapter> kAttributes[] = {
    {"type", AttributeWord<&Adapter::mutable_type, kTypes>},
    {"name", AttributeText<&Adapter::mutable_name>},
    {"parent", AttributeText<&Adapter::mutable_parent>},
    {"parent_wwnn", ReadWorldWideName<&Adapter::mutable_parent_wwnn>},
    {"parent_wwpn", ReadWorldWideName<&Adapter::mutable_parent_wwpn>},
    {"parent_fabric_wwn", ReadWorldWideName<&Adapter::mutable_parent_fabric_wwn>},
    {"managed", AttributeYesNo<&Adapter::set_managed>},
    {"wwnn", ReadWorldWideName<&Adapter::mutable_wwnn>},
    {"wwpn", ReadWorldWideName<&Adapter::mutable_wwpn>},
};

constexpr XmlAttributeRule<Adapter> kParentAttributes[] = {{"unique_id", AttributeNumber<&Adapter::set_unique_id>}};
constexpr XmlElementRule<Adapter> kParentElements[] = {
    {"address", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Adapter* adapter) {
       ReadPciAddress(reader, element, PciAddressForm::kPlain, adapter->mutable_parent_address());
     }},
};

void ReadParent(XmlReader* reader, pugi::xml_node element, Adapter* adapter) {
  ReadXml<Adapter>(reader, element, {.attributes = kParentAttributes, .elements = kParentElements}, adapter);
  RequireElements(reader, element, {"address"});
}

constexpr XmlElementRule<Adapter> kElements[] = {{"parentaddr", XmlCount::kOnce, ReadParent}};

bool HasFibreChannel(const Adapter& adapter) {
  return !adapter.parent().empty() || !adapter.parent_wwnn().empty() || !adapter.parent_wwpn().empty() ||
         !adapter.parent_fabric_wwn().empty() || adapter.has_managed() || !adapter.wwnn().empty() ||
         !adapter.wwpn().empty();
}

}  // namespace

void ReadAdapter(XmlReader* reader, pugi::xml_node element, Adapter* adapter) {
  ReadXml<Adapter>(reader, element, {.attributes = kAttributes, .elements = kElements}, adapter);
  if (adapter->type() == "fc_host") {
    RequireAttributes(reader, element, {"wwnn", "wwpn"});
    if (adapter->parent_wwnn().empty() != adapter->parent_wwpn().empty()) {
      reader->Invalid(element, "has not both parent_wwnn and parent_wwpn");
    }
    if (!adapter->name().empty() || adapter->has_parent_address()) {
      reader->Invalid(element, "has a name or <parentaddr>, which only a scsi_host has");
    }
    return;
  }
  adapter->set_type("scsi_host");
  if (HasFibreChannel(*adapter)) reader->Invalid(element, "has attributes that only type='fc_host' has");
  if (adapter->name().empty() == !adapter->has_parent_address()) {
    reader->Invalid(element, "has not one of name and <parentaddr>");
  }
}

void WriteAdapter(XmlWriter* writer, const Adapter& adapter) {
  writer->Begin("adapter").Attribute("type", adapter.type());
  writer->OptionalAttribute("name", adapter.name())
      .OptionalAttribute("parent", adapter.parent())
      .OptionalAttribute("parent_wwnn", adapter.parent_wwnn())
      .OptionalAttribute("parent_wwpn", adapter.parent_wwpn())
      .OptionalAttribute("parent_fabric_wwn", adapter.parent_fabric_wwn());
  if (adapter.has_managed()) writer->Attribute("managed", YesNo(adapter.managed()));
  writer->OptionalAttribute("wwnn", adapter.wwnn()).OptionalAttribute("wwpn", adapter.wwpn());
  if (adapter.has_parent_address()) {
    writer->Begin("parentaddr").Attribute("unique_id", adapter.unique_id());
    WritePciAddress(writer, PciAddressForm::kPlain, adapter.parent_address());
    writer->End();
  }
  writer->End();
}

}  // namespace reeve::formats

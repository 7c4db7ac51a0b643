#include "absl/strings/str_format.h"
#include "formats/node_device_sections.h"
#include "formats/pci_address_xml.h"
#include "formats/xml_messages.h"
#include "formats/xml_number.h"

namespace reeve::formats {
namespace {

using Link = v1::PciLink;
using Pci = v1::PciCapability;

constexpr absl::string_view kSpeeds[] = {"2.5", "5", "8", "16", "32", "64"};

template <auto Set, uint64_t kMax>
void ReadPart(XmlReader* reader, pugi::xml_node element, Pci* pci) {
  if (const auto number = ReadAnyNumber(reader, PlainText(reader, element), kMax)) {
    (pci->mutable_address()->*Set)(static_cast<uint32_t>(*number));
  }
}

void ReadClass(XmlReader* reader, pugi::xml_node element, Pci* pci) {
  const auto number = ReadAnyNumber(reader, PlainText(reader, element), 0xffffff);
  if (number) pci->set_class_code(static_cast<uint32_t>(*number));
}

// A list of addresses.
template <typename T>
constexpr XmlElementRule<T> kAddresses[] = {
    {"address", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, T* out) {
       ReadPciAddress(reader, element, PciAddressForm::kPlain, out->add_addresses());
     }},
};

constexpr XmlElementRule<Pci> kPhysicalElements[] = {
    {"address", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Pci* pci) {
       ReadPciAddress(reader, element, PciAddressForm::kPlain, pci->mutable_physical_function());
     }},
};

constexpr XmlAttributeRule<v1::PciVirtualFunctions> kVirtualAttributes[] = {
    {"type", [](XmlReader*, const XmlValue&, v1::PciVirtualFunctions*) {}},
    {"maxCount", AttributeNumber<&v1::PciVirtualFunctions::set_max_count>},
};

void ReadInner(XmlReader* reader, pugi::xml_node element, Pci* pci) {
  const absl::string_view type = TypeOfCapability(reader, element);
  if (type == "phys_function") {
    ReadXml<Pci>(reader, element, {.attributes = kTypeIsKnown<Pci>, .elements = kPhysicalElements}, pci);
    RequireElements(reader, element, {"address"});
  } else if (type == "virt_functions") {
    ReadXml<v1::PciVirtualFunctions>(
        reader, element, {.attributes = kVirtualAttributes, .elements = kAddresses<v1::PciVirtualFunctions>},
        pci->mutable_virtual_functions());
  } else if (type == "pci-bridge" || type == "cardbus-bridge") {
    ReadXml<Pci>(reader, element, {.attributes = kTypeIsKnown<Pci>}, pci);
    pci->set_header_type(std::string(type));
  } else if (type == "mdev_types") {
    ReadMediatedTypes(reader, element, pci);
  } else if (type == "vpd") {
    ReadVitalProductData(reader, element, pci->mutable_vital_product_data());
  } else if (!type.empty()) {
    reader->UnknownValue({type, element, element.attribute("type")});
  }
}

constexpr XmlAttributeRule<v1::IommuGroup> kGroupAttributes[] = {
    {"number", AttributeNumber<&v1::IommuGroup::set_number>},
};

void ReadGroup(XmlReader* reader, pugi::xml_node element, Pci* pci) {
  RequireAttributes(reader, element, {"number"});
  ReadXml<v1::IommuGroup>(reader, element, {.attributes = kGroupAttributes, .elements = kAddresses<v1::IommuGroup>},
                          pci->mutable_iommu_group());
}

constexpr XmlAttributeRule<Pci> kNumaAttributes[] = {
    {"node",
     [](XmlReader* reader, const XmlValue& value, Pci* pci) {
       const auto node = reader->Signed(value);
       if (node && *node >= 0 && *node <= 0xffff) pci->set_numa_node(static_cast<int32_t>(*node));
       if (node && (*node < -1 || *node > 0xffff)) reader->Invalid(value, "is not a node");
     }},
};

constexpr XmlAttributeRule<Link> kLinkAttributes[] = {
    {"validity", [](XmlReader*, const XmlValue&, Link*) {}},
    {"port", AttributeNumber<&Link::set_port>},
    {"speed", AttributeWord<&Link::mutable_speed, kSpeeds>},
    {"width", AttributeNumber<&Link::set_width>},
};

void ReadLink(XmlReader* reader, pugi::xml_node element, v1::PciExpress* express) {
  RequireAttributes(reader, element, {"validity", "width"});
  const absl::string_view validity = element.attribute("validity").value();
  if (validity != "cap" && validity != "sta") {
    return reader->UnknownValue({validity, element, element.attribute("validity")});
  }
  const bool capability = validity == "cap";
  if (capability ? express->has_capability() : express->has_status()) return reader->Invalid(element, "is there twice");
  ReadXml<Link>(reader, element, {.attributes = kLinkAttributes},
                capability ? express->mutable_capability() : express->mutable_status());
}

constexpr XmlElementRule<v1::PciExpress> kExpressElements[] = {{"link", XmlCount::kRepeated, ReadLink}};
constexpr XmlRules<v1::PciExpress> kExpressRules{.elements = kExpressElements};

template <auto Mutable>
void ReadIdOf(XmlReader* reader, pugi::xml_node element, Pci* pci) {
  ReadRegisteredId(reader, element, (pci->*Mutable)());
}

constexpr XmlElementRule<Pci> kElements[] = {
    {"class", XmlCount::kOnce, ReadClass},
    {"domain", XmlCount::kOnce, ReadPart<&v1::PciDeviceAddress::set_domain, 0xffffffff>},
    {"bus", XmlCount::kOnce, ReadPart<&v1::PciDeviceAddress::set_bus, 0xff>},
    {"slot", XmlCount::kOnce, ReadPart<&v1::PciDeviceAddress::set_slot, 0x1f>},
    {"function", XmlCount::kOnce, ReadPart<&v1::PciDeviceAddress::set_function, 7>},
    {"product", XmlCount::kOnce, ReadIdOf<&Pci::mutable_product>},
    {"vendor", XmlCount::kOnce, ReadIdOf<&Pci::mutable_vendor>},
    {"capability", XmlCount::kRepeated, ReadInner},
    {"iommuGroup", XmlCount::kOnce, ReadGroup},
    {"numa", XmlCount::kOnce, ElementAttributes<kNumaAttributes, Pci>},
    {"pci-express", XmlCount::kOnce, ElementMessage<&Pci::mutable_express, kExpressRules>},
};

void WriteAddresses(XmlWriter* writer, const google::protobuf::RepeatedPtrField<v1::PciDeviceAddress>& addresses) {
  for (const auto& address : addresses) WritePciAddress(writer, PciAddressForm::kPlain, address);
}

void WriteFunctions(XmlWriter* writer, const Pci& pci) {
  if (pci.has_physical_function()) {
    writer->Begin("capability").Attribute("type", "phys_function");
    WritePciAddress(writer, PciAddressForm::kPlain, pci.physical_function());
    writer->End();
  }
  if (pci.has_virtual_functions()) {
    writer->Begin("capability").Attribute("type", "virt_functions");
    if (pci.virtual_functions().max_count() != 0) writer->Attribute("maxCount", pci.virtual_functions().max_count());
    WriteAddresses(writer, pci.virtual_functions().addresses());
    writer->End();
  }
}

void WriteLink(XmlWriter* writer, absl::string_view validity, const Link& link) {
  writer->Begin("link").Attribute("validity", validity);
  if (link.has_port()) writer->Attribute("port", link.port());
  writer->OptionalAttribute("speed", link.speed()).Attribute("width", link.width()).End();
}

}  // namespace

void ReadPci(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability) {
  Pci* pci = capability->mutable_pci();
  RequireElements(reader, element, {"domain", "bus", "slot", "function", "product", "vendor"});
  ReadXml<Pci>(reader, element, {.attributes = kTypeIsKnown<Pci>, .elements = kElements}, pci);
}

void WritePci(XmlWriter* writer, const v1::NodeDeviceCapability& capability) {
  const Pci& pci = capability.pci();
  if (pci.has_class_code()) writer->Element("class", absl::StrFormat("0x%06x", pci.class_code()));
  writer->Element("domain", pci.address().domain());
  writer->Element("bus", pci.address().bus());
  writer->Element("slot", pci.address().slot());
  writer->Element("function", pci.address().function());
  WriteRegisteredId(writer, "product", pci.product(), false);
  WriteRegisteredId(writer, "vendor", pci.vendor(), false);
  WriteFunctions(writer, pci);
  if (!pci.header_type().empty()) writer->Begin("capability").Attribute("type", pci.header_type()).End();
  WriteMediatedTypes(writer, pci.mediated_types());
  if (pci.has_vital_product_data()) WriteVitalProductData(writer, pci.vital_product_data());
  if (pci.has_iommu_group()) {
    writer->Begin("iommuGroup").Attribute("number", pci.iommu_group().number());
    WriteAddresses(writer, pci.iommu_group().addresses());
    writer->End();
  }
  if (pci.has_numa_node()) writer->Begin("numa").Attribute("node", pci.numa_node()).End();
  if (pci.has_express()) {
    writer->Begin("pci-express");
    if (pci.express().has_capability()) WriteLink(writer, "cap", pci.express().capability());
    if (pci.express().has_status()) WriteLink(writer, "sta", pci.express().status());
    writer->End();
  }
}

}  // namespace reeve::formats

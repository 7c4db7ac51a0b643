#include "formats/domain_capabilities_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Features = v1::FeatureCapabilities;
using Sev = v1::SevCapability;
using Sgx = v1::SgxCapability;
using SgxSection = v1::SgxSection;

constexpr absl::string_view kNames[] = {"gic",    "vmcoreinfo", "genid", "backingStoreInput",
                                        "backup", "s390-pv",    "hyperv"};
// The schema has the order: sev and sgx stand before it.
constexpr absl::string_view kLast = kNames[6];

constexpr XmlAttributeRule<Sev> kSevAttributes[] = {{"supported", AttributeYesNo<&Sev::set_supported>}};

constexpr XmlElementRule<Sev> kSevElements[] = {
    {"cbitpos", XmlCount::kOnce, ElementNumber<&Sev::set_c_bit_position>},
    {"reducedPhysBits", XmlCount::kOnce, ElementNumber<&Sev::set_reduced_physical_bits>},
    {"maxGuests", XmlCount::kOnce, ElementNumber<&Sev::set_max_guests>},
    {"maxESGuests", XmlCount::kOnce, ElementNumber<&Sev::set_max_es_guests>},
};

template <auto Set>
void ReadYesNo(XmlReader* reader, pugi::xml_node element, Sgx* sgx) {
  AttributeYesNo<Set>(reader, PlainText(reader, element), sgx);
}

template <typename T>
void CheckUnit(XmlReader* reader, const XmlValue& value, T*) {
  if (value.text != "KiB") reader->UnknownValue(value);
}

constexpr XmlAttributeRule<Sgx> kSizeAttributes[] = {{"unit", CheckUnit<Sgx>}};

constexpr XmlAttributeRule<SgxSection> kSection[] = {
    {"node", AttributeNumber<&SgxSection::set_node>},
    {"size", AttributeNumber<&SgxSection::set_size_kib>},
    {"unit", CheckUnit<SgxSection>},
};

constexpr XmlElementRule<Sgx> kSections[] = {
    {"section", XmlCount::kRepeated, ElementAttributesOf<&Sgx::add_sections, kSection, Sgx>},
};

constexpr XmlAttributeRule<Sgx> kSgxAttributes[] = {{"supported", AttributeYesNo<&Sgx::set_supported>}};

constexpr XmlElementRule<Sgx> kSgxElements[] = {
    {"flc", XmlCount::kOnce, ReadYesNo<&Sgx::set_flexible_launch_control>},
    {"sgx1", XmlCount::kOnce, ReadYesNo<&Sgx::set_version_1>},
    {"sgx2", XmlCount::kOnce, ReadYesNo<&Sgx::set_version_2>},
    {"section_size", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Sgx* sgx) {
       ReadXml<Sgx>(reader, element,
                    {.attributes = kSizeAttributes, .text = AttributeNumber<&Sgx::set_section_size_kib>}, sgx);
     }},
    {"sections", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Sgx* sgx) {
       ReadXml<Sgx>(reader, element, {.elements = kSections}, sgx);
     }},
};

constexpr XmlElementRule<Features> kElements[] = {
    {kNames[0], XmlCount::kOnce, ReadSupportedSection<Features>},
    {kNames[1], XmlCount::kOnce, ReadSupportedSection<Features>},
    {kNames[2], XmlCount::kOnce, ReadSupportedSection<Features>},
    {kNames[3], XmlCount::kOnce, ReadSupportedSection<Features>},
    {kNames[4], XmlCount::kOnce, ReadSupportedSection<Features>},
    {kNames[5], XmlCount::kOnce, ReadSupportedSection<Features>},
    {kNames[6], XmlCount::kOnce, ReadSupportedSection<Features>},
    {"sev", XmlCount::kOnce, ElementOf<&Features::mutable_sev, kSevAttributes, kSevElements, Features>},
    {"sgx", XmlCount::kOnce, ElementOf<&Features::mutable_sgx, kSgxAttributes, kSgxElements, Features>},
};

void WriteSev(XmlWriter* writer, const Sev& sev) {
  writer->Begin("sev").Attribute("supported", YesNo(sev.supported()));
  if (sev.has_c_bit_position()) {
    writer->Element("cbitpos", sev.c_bit_position());
    writer->Element("reducedPhysBits", sev.reduced_physical_bits());
    writer->Element("maxGuests", sev.max_guests());
    writer->Element("maxESGuests", sev.max_es_guests());
  }
  writer->End();
}

void WriteSgx(XmlWriter* writer, const Sgx& sgx) {
  writer->Begin("sgx").Attribute("supported", YesNo(sgx.supported()));
  if (sgx.has_flexible_launch_control()) {
    writer->Element("flc", YesNo(sgx.flexible_launch_control()));
    writer->Element("sgx1", YesNo(sgx.version_1()));
    writer->Element("sgx2", YesNo(sgx.version_2()));
    writer->Begin("section_size").Attribute("unit", "KiB").Text(absl::StrCat(sgx.section_size_kib())).End();
  }
  if (!sgx.sections().empty()) {
    writer->Begin("sections");
    for (const SgxSection& section : sgx.sections()) {
      writer->Begin("section")
          .Attribute("node", section.node())
          .Attribute("size", section.size_kib())
          .Attribute("unit", "KiB")
          .End();
    }
    writer->End();
  }
  writer->End();
}

}  // namespace

void ReadFeatureCapabilities(XmlReader* reader, pugi::xml_node element, v1::DomainCapabilities* capabilities) {
  ReadXml<Features>(reader, element, {.elements = kElements}, capabilities->mutable_features());
}

void WriteFeatureCapabilities(XmlWriter* writer, const Features& features) {
  writer->Begin("features");
  for (const v1::SupportedSection& section : features.sections()) {
    if (section.name() != kLast) WriteSection(writer, KnownName(kNames, section.name()), section);
  }
  if (features.has_sev()) WriteSev(writer, features.sev());
  if (features.has_sgx()) WriteSgx(writer, features.sgx());
  for (const v1::SupportedSection& section : features.sections()) {
    if (section.name() == kLast) WriteSection(writer, kLast, section);
  }
  writer->End();
}

}  // namespace reeve::formats

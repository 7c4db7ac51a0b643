// The sections of a domain capabilities document. Only for formats/domain_capabilities_*.cc.
#pragma once

#include <pugixml.hpp>

#include "formats/capabilities_xml_sections.h"
#include "formats/xml_reader.h"
#include "formats/xml_writer.h"
#include "reeve/v1/domain_capabilities.pb.h"

namespace reeve::formats {

// domain_capabilities_xml.cc
void ReadSection(XmlReader* reader, pugi::xml_node element, v1::SupportedSection* section);
void WriteSection(XmlWriter* writer, absl::string_view name, const v1::SupportedSection& section);
void ReadEnum(XmlReader* reader, pugi::xml_node element, v1::SupportedEnum* choices);
void WriteSupportedEnums(XmlWriter* writer, const google::protobuf::RepeatedPtrField<v1::SupportedEnum>& enums);

// For the tables: an <enum> of what has `enums`, and a section of what has `sections`, by the element's name.
template <typename T>
void ReadSupportedEnum(XmlReader* reader, pugi::xml_node element, T* out) {
  ReadEnum(reader, element, out->add_enums());
}
template <typename T>
void ReadSupportedSection(XmlReader* reader, pugi::xml_node element, T* out) {
  v1::SupportedSection* section = out->add_sections();
  section->set_name(element.name());
  ReadSection(reader, element, section);
}

// domain_capabilities_cpu.cc
void ReadCpuCapability(XmlReader* reader, pugi::xml_node element, v1::DomainCapabilities* capabilities);
void WriteCpuCapability(XmlWriter* writer, const v1::CpuCapability& cpu);

// domain_capabilities_features.cc
void ReadFeatureCapabilities(XmlReader* reader, pugi::xml_node element, v1::DomainCapabilities* capabilities);
void WriteFeatureCapabilities(XmlWriter* writer, const v1::FeatureCapabilities& features);

}  // namespace reeve::formats

#include "absl/strings/str_format.h"
#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Security = v1::LaunchSecurity;
using Line = v1::EmulatorCommandLine;
using Variable = v1::EnvironmentVariable;

constexpr XmlAttributeRule<Security> kAttributes[] = {
    {"type", AttributeWord<&Security::mutable_type, kLaunchSecurityTypes>},
    {"kernelHashes", AttributeYesNo<&Security::set_kernel_hashes>},
};

constexpr XmlElementRule<Security> kElements[] = {
    {"cbitpos", XmlCount::kOnce, ElementNumber<&Security::set_c_bit_position>},
    {"reducedPhysBits", XmlCount::kOnce, ElementNumber<&Security::set_reduced_physical_bits>},
    {"policy", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Security* security) {
       AttributeHexadecimal<&Security::set_policy>(reader, PlainText(reader, element), security);
     }},
    {"dhCert", XmlCount::kOnce, ElementText<&Security::mutable_dh_certificate>},
    {"session", XmlCount::kOnce, ElementText<&Security::mutable_session>},
};

constexpr XmlAttributeRule<Line> kArgument[] = {
    {"value", [](XmlReader*, const XmlValue& value, Line* line) { line->add_arguments(std::string(value.text)); }},
};

constexpr XmlAttributeRule<Variable> kVariable[] = {
    {"name", AttributeText<&Variable::mutable_name>},
    {"value", AttributeText<&Variable::mutable_value>},
};

void ReadArgument(XmlReader* reader, pugi::xml_node element, Line* line) {
  if (!element.attribute("value")) reader->Invalid(element, "has no attribute value");
  ReadXml<Line>(reader, element, {.attributes = kArgument}, line);
}

constexpr XmlElementRule<Line> kQemuElements[] = {
    {"qemu:arg", XmlCount::kRepeated, ReadArgument},
    {"qemu:env", XmlCount::kRepeated, ElementAttributesOf<&Line::add_environment, kVariable, Line>},
};

constexpr XmlElementRule<Line> kXenElements[] = {
    {"xen:arg", XmlCount::kRepeated, ReadArgument},
};

}  // namespace

void ReadLaunchSecurity(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  if (!element.attribute("type")) reader->Invalid(element, "has no attribute type");
  Security* security = spec->mutable_launch_security();
  ReadXml<Security>(reader, element, {.attributes = kAttributes, .elements = kElements}, security);
  if (security->type() == "sev" && !element.child("policy")) reader->Invalid(element, "has no element policy");
}

void WriteLaunchSecurity(XmlWriter* writer, const Security& security) {
  writer->Begin("launchSecurity").Attribute("type", security.type());
  if (security.has_kernel_hashes()) writer->Attribute("kernelHashes", security.kernel_hashes() ? "yes" : "no");
  if (security.has_c_bit_position()) writer->Element("cbitpos", security.c_bit_position());
  if (security.has_reduced_physical_bits()) writer->Element("reducedPhysBits", security.reduced_physical_bits());
  if (security.type() == "sev") writer->Element("policy", absl::StrFormat("0x%04x", security.policy()));
  writer->OptionalElement("dhCert", security.dh_certificate());
  writer->OptionalElement("session", security.session());
  writer->End();
}

void ReadQemuCommandLine(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  spec->mutable_emulator_command_line()->set_dialect("qemu");
  ReadXml<Line>(reader, element, {.elements = kQemuElements}, spec->mutable_emulator_command_line());
}

void ReadXenCommandLine(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  spec->mutable_emulator_command_line()->set_dialect("xen");
  ReadXml<Line>(reader, element, {.elements = kXenElements}, spec->mutable_emulator_command_line());
}

void WriteCommandLine(XmlWriter* writer, const Line& line) {
  if (line.arguments().empty() && line.environment().empty()) return;
  const bool xen = line.dialect() == "xen";
  writer->Begin(xen ? "xen:commandline" : "qemu:commandline");
  for (const std::string& argument : line.arguments()) {
    writer->Begin(xen ? "xen:arg" : "qemu:arg").Attribute("value", argument).End();
  }
  for (const Variable& variable : line.environment()) {
    writer->Begin("qemu:env").Attribute("name", variable.name()).OptionalAttribute("value", variable.value()).End();
  }
  writer->End();
}

}  // namespace reeve::formats

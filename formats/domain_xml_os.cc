#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Os = v1::OperatingSystem;
using Variable = v1::EnvironmentVariable;
using Mapping = v1::IdMapping;

constexpr XmlAttributeRule<Os> kTypeAttributes[] = {
    {"arch", AttributeText<&Os::mutable_architecture>},
    {"machine", AttributeText<&Os::mutable_machine>},
};

constexpr XmlAttributeRule<Variable> kVariableAttributes[] = {
    {"name", AttributeText<&Variable::mutable_name>},
};

void ReadType(XmlReader* reader, pugi::xml_node element, Os* os) {
  ReadXml<Os>(reader, element, {.attributes = kTypeAttributes, .text = AttributeWord<&Os::mutable_type, kOsTypes>}, os);
}

void ReadArgument(XmlReader* reader, pugi::xml_node element, Os* os) {
  *os->add_init_arguments() = std::string(PlainText(reader, element).text);
}

void ReadVariable(XmlReader* reader, pugi::xml_node element, Os* os) {
  ReadXml<Variable>(reader, element,
                    {.attributes = kVariableAttributes, .text = AttributeText<&Variable::mutable_value>},
                    os->add_init_environment());
}

constexpr XmlElementRule<Os> kElements[] = {
    {"type", XmlCount::kOnce, ReadType},
    {"init", XmlCount::kOnce, ElementText<&Os::mutable_init>},
    {"initarg", XmlCount::kRepeated, ReadArgument},
    {"initenv", XmlCount::kRepeated, ReadVariable},
    {"initdir", XmlCount::kOnce, ElementText<&Os::mutable_init_directory>},
    {"inituser", XmlCount::kOnce, ElementText<&Os::mutable_init_user>},
    {"initgroup", XmlCount::kOnce, ElementText<&Os::mutable_init_group>},
    {"cmdline", XmlCount::kOnce, ElementText<&Os::mutable_command_line>},
};

constexpr XmlAttributeRule<Mapping> kMappingAttributes[] = {
    {"start", AttributeNumber<&Mapping::set_start>},
    {"target", AttributeNumber<&Mapping::set_target>},
    {"count", AttributeNumber<&Mapping::set_count>},
};

template <auto Add>
void ReadMapping(XmlReader* reader, pugi::xml_node element, v1::IdMap* map) {
  for (const char* wanted : {"start", "target", "count"}) {
    if (!element.attribute(wanted)) reader->Invalid(element, absl::StrCat("has no attribute ", wanted));
  }
  ReadXml<Mapping>(reader, element, {.attributes = kMappingAttributes}, (map->*Add)());
}

constexpr XmlElementRule<v1::IdMap> kIdMapElements[] = {
    {"uid", XmlCount::kRepeated, ReadMapping<&v1::IdMap::add_users>},
    {"gid", XmlCount::kRepeated, ReadMapping<&v1::IdMap::add_groups>},
};

void WriteMapping(XmlWriter* writer, absl::string_view name, const Mapping& mapping) {
  writer->Begin(name)
      .Attribute("start", mapping.start())
      .Attribute("target", mapping.target())
      .Attribute("count", mapping.count())
      .End();
}

}  // namespace

void ReadOs(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<Os>(reader, element, {.elements = kElements}, spec->mutable_os());
}

void WriteOs(XmlWriter* writer, const Os& os, absl::string_view default_type) {
  writer->Begin("os");
  writer->Begin("type")
      .OptionalAttribute("arch", os.architecture())
      .OptionalAttribute("machine", os.machine())
      .Text(os.type().empty() ? default_type : absl::string_view(os.type()))
      .End();
  writer->OptionalElement("init", os.init());
  for (const std::string& argument : os.init_arguments()) writer->Element("initarg", argument);
  for (const Variable& variable : os.init_environment()) {
    writer->Begin("initenv").Attribute("name", variable.name()).Text(variable.value()).End();
  }
  writer->OptionalElement("initdir", os.init_directory());
  writer->OptionalElement("inituser", os.init_user());
  writer->OptionalElement("initgroup", os.init_group());
  writer->OptionalElement("cmdline", os.command_line());
  writer->End();
}

void ReadIdMap(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<v1::IdMap>(reader, element, {.elements = kIdMapElements}, spec->mutable_id_map());
}

void WriteIdMap(XmlWriter* writer, const v1::IdMap& map) {
  if (map.users().empty() && map.groups().empty()) return;
  writer->Begin("idmap");
  for (const Mapping& mapping : map.users()) WriteMapping(writer, "uid", mapping);
  for (const Mapping& mapping : map.groups()) WriteMapping(writer, "gid", mapping);
  writer->End();
}

}  // namespace reeve::formats

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

constexpr XmlAttributeRule<Os> kAttributes[] = {
    {"firmware", AttributeWord<&Os::mutable_firmware, kFirmwares>},
};

using Loader = v1::Loader;
constexpr XmlAttributeRule<Loader> kLoaderAttributes[] = {
    {"readonly", AttributeYesNo<&Loader::set_read_only>},
    {"secure", AttributeYesNo<&Loader::set_secure>},
    {"type", AttributeWord<&Loader::mutable_type, kLoaderTypes>},
    {"stateless", AttributeYesNo<&Loader::set_stateless>},
};

void ReadLoader(XmlReader* reader, pugi::xml_node element, Os* os) {
  Loader* loader = os->mutable_loader();
  ReadXml<Loader>(reader, element, {.attributes = kLoaderAttributes, .text = AttributeText<&Loader::mutable_path>},
                  loader);
  if (IsBlankText(loader->path())) loader->clear_path();
  if (!loader->path().empty() && loader->type().empty()) loader->set_type("rom");
}

constexpr XmlAttributeRule<Os> kNvramAttributes[] = {
    {"template", AttributeText<&Os::mutable_nvram_template>},
};

void ReadNvram(XmlReader* reader, pugi::xml_node element, Os* os) {
  ReadXml<Os>(reader, element, {.attributes = kNvramAttributes, .text = AttributeText<&Os::mutable_nvram>}, os);
}

constexpr XmlAttributeRule<Os> kBootAttributes[] = {
    {"dev",
     [](XmlReader* reader, const XmlValue& value, Os* os) {
       if (reader->OneOf(value, kBootDevices)) os->add_boot_devices(std::string(value.text));
     }},
};

constexpr XmlAttributeRule<v1::BootMenu> kBootMenu[] = {
    {"enable", AttributeYesNo<&v1::BootMenu::set_enable>},
    {"timeout", AttributeNumber<&v1::BootMenu::set_timeout_ms>},
};

constexpr XmlAttributeRule<v1::Bios> kBios[] = {
    {"useserial", AttributeYesNo<&v1::Bios::set_use_serial>},
    {"rebootTimeout", AttributeNumber<&v1::Bios::set_reboot_timeout_ms>},
};

constexpr XmlAttributeRule<Os> kSmbios[] = {
    {"mode", AttributeWord<&Os::mutable_smbios_mode, kSmbiosModes>},
};

constexpr XmlAttributeRule<Os> kTableAttributes[] = {
    {"type", AttributeText<&Os::mutable_acpi_table_type>},
};

constexpr XmlElementRule<Os> kAcpiElements[] = {
    {"table", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Os* os) {
       ReadXml<Os>(reader, element, {.attributes = kTableAttributes, .text = AttributeText<&Os::mutable_acpi_table>},
                   os);
     }},
};

constexpr XmlElementRule<Os> kElements[] = {
    {"loader", XmlCount::kOnce, ReadLoader},
    {"nvram", XmlCount::kOnce, ReadNvram},
    {"kernel", XmlCount::kOnce, ElementText<&Os::mutable_kernel>},
    {"initrd", XmlCount::kOnce, ElementText<&Os::mutable_initrd>},
    {"dtb", XmlCount::kOnce, ElementText<&Os::mutable_device_tree>},
    {"acpi", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Os* os) {
       ReadXml<Os>(reader, element, {.elements = kAcpiElements}, os);
     }},
    {"boot", XmlCount::kRepeated, ElementAttributes<kBootAttributes, Os>},
    {"bootmenu", XmlCount::kOnce, ElementAttributesOf<&Os::mutable_boot_menu, kBootMenu, Os>},
    {"bios", XmlCount::kOnce, ElementAttributesOf<&Os::mutable_bios, kBios, Os>},
    {"smbios", XmlCount::kOnce, ElementAttributes<kSmbios, Os>},
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

void WriteLoader(XmlWriter* writer, const Loader& loader) {
  writer->Begin("loader");
  if (loader.has_read_only()) writer->Attribute("readonly", loader.read_only() ? "yes" : "no");
  if (loader.has_secure()) writer->Attribute("secure", loader.secure() ? "yes" : "no");
  writer->OptionalAttribute("type", loader.type());
  if (loader.has_stateless()) writer->Attribute("stateless", loader.stateless() ? "yes" : "no");
  if (!loader.path().empty()) writer->Text(loader.path());
  writer->End();
}

void WriteBoot(XmlWriter* writer, const Os& os) {
  if (!os.acpi_table().empty()) {
    writer->Begin("acpi");
    writer->Begin("table")
        .Attribute("type", os.acpi_table_type().empty() ? "slic" : os.acpi_table_type())
        .Text(os.acpi_table())
        .End();
    writer->End();
  }
  for (const std::string& device : os.boot_devices()) writer->Begin("boot").Attribute("dev", device).End();
  if (os.has_boot_menu()) {
    writer->Begin("bootmenu");
    if (os.boot_menu().has_enable()) writer->Attribute("enable", os.boot_menu().enable() ? "yes" : "no");
    if (os.boot_menu().has_timeout_ms()) writer->Attribute("timeout", os.boot_menu().timeout_ms());
    writer->End();
  }
  if (!os.smbios_mode().empty()) writer->Begin("smbios").Attribute("mode", os.smbios_mode()).End();
  if (os.has_bios()) {
    writer->Begin("bios");
    if (os.bios().has_use_serial()) writer->Attribute("useserial", os.bios().use_serial() ? "yes" : "no");
    if (os.bios().has_reboot_timeout_ms()) writer->Attribute("rebootTimeout", os.bios().reboot_timeout_ms());
    writer->End();
  }
}

}  // namespace

void ReadOs(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<Os>(reader, element, {.attributes = kAttributes, .elements = kElements}, spec->mutable_os());
}

void WriteOs(XmlWriter* writer, const Os& os, absl::string_view default_type) {
  if (os.has_bootloader()) {
    writer->Begin("bootloader");
    if (!os.bootloader().empty()) writer->Text(os.bootloader());
    writer->End();
  }
  writer->OptionalElement("bootloader_args", os.bootloader_arguments());
  writer->Begin("os").OptionalAttribute("firmware", os.firmware());
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
  if (os.has_loader()) WriteLoader(writer, os.loader());
  if (!os.nvram().empty() || !os.nvram_template().empty()) {
    writer->Begin("nvram").OptionalAttribute("template", os.nvram_template());
    if (!os.nvram().empty()) writer->Text(os.nvram());
    writer->End();
  }
  writer->OptionalElement("kernel", os.kernel());
  writer->OptionalElement("initrd", os.initrd());
  writer->OptionalElement("cmdline", os.command_line());
  writer->OptionalElement("dtb", os.device_tree());
  WriteBoot(writer, os);
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

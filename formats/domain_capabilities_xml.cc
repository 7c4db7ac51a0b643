#include "formats/domain_capabilities_xml.h"

#include <utility>

#include "formats/domain_capabilities_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Capabilities = v1::DomainCapabilities;
using Os = v1::OsCapability;
using Loader = v1::LoaderCapability;
using Section = v1::SupportedSection;
using Devices = v1::DeviceCapabilities;
using Enum = v1::SupportedEnum;

constexpr absl::string_view kDevices[] = {"disk",       "graphics", "video",    "hostdev", "rng",
                                          "filesystem", "tpm",      "redirdev", "channel"};

constexpr XmlAttributeRule<Loader> kLoaderAttributes[] = {{"supported", AttributeYesNo<&Loader::set_supported>}};

constexpr XmlElementRule<Loader> kLoaderElements[] = {
    {"value", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Loader* loader) {
       loader->add_paths(std::string(PlainText(reader, element).text));
     }},
    {"enum", XmlCount::kRepeated, ReadSupportedEnum<Loader>},
};

constexpr XmlAttributeRule<Os> kOsAttributes[] = {{"supported", AttributeYesNo<&Os::set_supported>}};

constexpr XmlElementRule<Os> kOsElements[] = {
    {"enum", XmlCount::kRepeated, ReadSupportedEnum<Os>},
    {"loader", XmlCount::kOnce, ElementOf<&Os::mutable_loader, kLoaderAttributes, kLoaderElements, Os>},
};

constexpr XmlAttributeRule<Capabilities> kVcpu[] = {{"max", AttributeNumber<&Capabilities::set_max_vcpus>}};
constexpr XmlAttributeRule<Capabilities> kIoThreads[] = {{"supported", AttributeYesNo<&Capabilities::set_io_threads>}};

constexpr XmlElementRule<Devices> kDeviceElements[] = {
    {kDevices[0], XmlCount::kOnce, ReadSupportedSection<Devices>},
    {kDevices[1], XmlCount::kOnce, ReadSupportedSection<Devices>},
    {kDevices[2], XmlCount::kOnce, ReadSupportedSection<Devices>},
    {kDevices[3], XmlCount::kOnce, ReadSupportedSection<Devices>},
    {kDevices[4], XmlCount::kOnce, ReadSupportedSection<Devices>},
    {kDevices[5], XmlCount::kOnce, ReadSupportedSection<Devices>},
    {kDevices[6], XmlCount::kOnce, ReadSupportedSection<Devices>},
    {kDevices[7], XmlCount::kOnce, ReadSupportedSection<Devices>},
    {kDevices[8], XmlCount::kOnce, ReadSupportedSection<Devices>},
};

constexpr XmlRules<Devices> kDeviceRules = {.elements = kDeviceElements};

constexpr XmlElementRule<Capabilities> kElements[] = {
    {"path", XmlCount::kOnce, ElementText<&Capabilities::mutable_emulator>},
    {"domain", XmlCount::kOnce, ElementText<&Capabilities::mutable_domain_type>},
    {"machine", XmlCount::kOnce, ElementText<&Capabilities::mutable_machine>},
    {"arch", XmlCount::kOnce, ElementText<&Capabilities::mutable_architecture>},
    {"vcpu", XmlCount::kOnce, ElementAttributes<kVcpu, Capabilities>},
    {"iothreads", XmlCount::kOnce, ElementAttributes<kIoThreads, Capabilities>},
    {"os", XmlCount::kOnce, ElementOf<&Capabilities::mutable_os, kOsAttributes, kOsElements, Capabilities>},
    {"cpu", XmlCount::kOnce, ReadCpuCapability},
    {"memoryBacking", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Capabilities* capabilities) {
       ReadSection(reader, element, capabilities->mutable_memory_backing());
     }},
    {"devices", XmlCount::kOnce, ElementMessage<&Capabilities::mutable_devices, kDeviceRules, Capabilities>},
    {"features", XmlCount::kOnce, ReadFeatureCapabilities},
};

void WriteLoader(XmlWriter* writer, const Loader& loader) {
  writer->Begin("loader").Attribute("supported", YesNo(loader.supported()));
  for (const std::string& path : loader.paths()) writer->Element("value", path);
  WriteSupportedEnums(writer, loader.enums());
  writer->End();
}

}  // namespace

void ReadSection(XmlReader* reader, pugi::xml_node element, Section* section) {
  static constexpr XmlAttributeRule<Section> kAttributes[] = {{"supported", AttributeYesNo<&Section::set_supported>}};
  static constexpr XmlElementRule<Section> kChoices[] = {{"enum", XmlCount::kRepeated, ReadSupportedEnum<Section>}};
  RequireAttributes(reader, element, {"supported"});
  ReadXml<Section>(reader, element, {.attributes = kAttributes, .elements = kChoices}, section);
}

void WriteSection(XmlWriter* writer, absl::string_view name, const Section& section) {
  writer->Begin(name).Attribute("supported", YesNo(section.supported()));
  WriteSupportedEnums(writer, section.enums());
  writer->End();
}

void ReadEnum(XmlReader* reader, pugi::xml_node element, Enum* choices) {
  static constexpr XmlAttributeRule<Enum> kAttributes[] = {{"name", AttributeText<&Enum::mutable_name>}};
  static constexpr XmlElementRule<Enum> kValues[] = {
      {"value", XmlCount::kRepeated,
       [](XmlReader* inner, pugi::xml_node value, Enum* out) {
         out->add_values(std::string(PlainText(inner, value).text));
       }},
  };
  RequireAttributes(reader, element, {"name"});
  ReadXml<Enum>(reader, element, {.attributes = kAttributes, .elements = kValues}, choices);
}

void WriteSupportedEnums(XmlWriter* writer, const google::protobuf::RepeatedPtrField<Enum>& enums) {
  for (const Enum& choices : enums) {
    writer->Begin("enum").Attribute("name", choices.name());
    for (const std::string& value : choices.values()) writer->Element("value", value);
    writer->End();
  }
}

absl::StatusOr<Capabilities> ParseDomainCapabilitiesXml(absl::string_view text, std::vector<Warning>* warnings,
                                                        Strictness strictness) {
  XmlReader reader(text, warnings, strictness);
  Capabilities capabilities;
  if (const pugi::xml_node root = reader.Load({})) {
    if (absl::string_view(root.name()) != "domainCapabilities") {
      reader.UnknownElement(root);
      return reader.ToStatus();
    }
    RequireElements(&reader, root, {"path", "domain", "arch"});
    ReadXml<Capabilities>(&reader, root, {.elements = kElements}, &capabilities);
  }
  if (!reader.ok()) return reader.ToStatus();
  return capabilities;
}

std::string WriteDomainCapabilitiesXml(const Capabilities& capabilities) {
  XmlWriter writer;
  writer.Begin("domainCapabilities");
  writer.Element("path", capabilities.emulator());
  writer.Element("domain", capabilities.domain_type());
  writer.OptionalElement("machine", capabilities.machine());
  writer.Element("arch", capabilities.architecture());
  if (capabilities.has_max_vcpus()) writer.Begin("vcpu").Attribute("max", capabilities.max_vcpus()).End();
  if (capabilities.has_io_threads()) {
    writer.Begin("iothreads").Attribute("supported", YesNo(capabilities.io_threads())).End();
  }
  if (capabilities.has_os()) {
    writer.Begin("os").Attribute("supported", YesNo(capabilities.os().supported()));
    WriteSupportedEnums(&writer, capabilities.os().enums());
    if (capabilities.os().has_loader()) WriteLoader(&writer, capabilities.os().loader());
    writer.End();
  }
  if (capabilities.has_cpu()) WriteCpuCapability(&writer, capabilities.cpu());
  if (capabilities.has_memory_backing()) WriteSection(&writer, "memoryBacking", capabilities.memory_backing());
  if (capabilities.has_devices()) {
    writer.Begin("devices");
    for (const Section& section : capabilities.devices().sections()) {
      WriteSection(&writer, KnownName(kDevices, section.name()), section);
    }
    writer.End();
  }
  if (capabilities.has_features()) WriteFeatureCapabilities(&writer, capabilities.features());
  writer.End();
  return std::move(writer).Finish();
}

}  // namespace reeve::formats

#include "formats/capabilities_xml_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Guest = v1::GuestCapability;
using Machine = v1::MachineType;
using Type = v1::GuestDomainType;
using Feature = v1::GuestFeature;

constexpr absl::string_view kOsTypes[] = {"hvm", "xen", "linux", "xenpvh", "exe", "uml"};

constexpr XmlAttributeRule<Machine> kMachineAttributes[] = {
    {"canonical", AttributeText<&Machine::mutable_canonical>},
    {"maxCpus", AttributeNumber<&Machine::set_max_cpus>},
    {"deprecated", AttributeYesNo<&Machine::set_deprecated>},
};

constexpr XmlRules<Machine> kMachineRules = {.attributes = kMachineAttributes,
                                             .text = AttributeText<&Machine::mutable_name>};

constexpr XmlAttributeRule<Type> kTypeAttributes[] = {{"type", AttributeText<&Type::mutable_type>}};

constexpr XmlElementRule<Type> kTypeElements[] = {
    {"emulator", XmlCount::kOnce, ElementText<&Type::mutable_emulator>},
    {"machine", XmlCount::kRepeated, ElementMessage<&Type::add_machines, kMachineRules, Type>},
};

constexpr XmlAttributeRule<Guest> kArchAttributes[] = {{"name", AttributeText<&Guest::mutable_architecture>}};

constexpr XmlElementRule<Guest> kArchElements[] = {
    {"wordsize", XmlCount::kOnce, ElementNumber<&Guest::set_word_size>},
    {"emulator", XmlCount::kOnce, ElementText<&Guest::mutable_emulator>},
    {"loader", XmlCount::kOnce, ElementText<&Guest::mutable_loader>},
    {"machine", XmlCount::kRepeated, ElementMessage<&Guest::add_machines, kMachineRules, Guest>},
    {"domain", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Guest* guest) {
       RequireAttributes(reader, element, {"type"});
       ReadXml<Type>(reader, element, {.attributes = kTypeAttributes, .elements = kTypeElements}, guest->add_domains());
     }},
};

constexpr XmlAttributeRule<Feature> kFeatureAttributes[] = {
    {"toggle", AttributeYesNo<&Feature::set_toggle>},
    {"default", AttributeOnOff<&Feature::set_on>},
};

void ReadFeature(XmlReader* reader, pugi::xml_node element, Guest* guest) {
  Feature* feature = guest->add_features();
  feature->set_name(element.name());
  ReadXml<Feature>(reader, element, {.attributes = kFeatureAttributes}, feature);
}

constexpr absl::string_view kFeatureNames[] = {"pae",          "nonpae",     "ia64_be",      "acpi", "apic",
                                               "cpuselection", "deviceboot", "disksnapshot", "hap"};

constexpr XmlElementRule<Guest> kFeatures[] = {
    {kFeatureNames[0], XmlCount::kOnce, ReadFeature}, {kFeatureNames[1], XmlCount::kOnce, ReadFeature},
    {kFeatureNames[2], XmlCount::kOnce, ReadFeature}, {kFeatureNames[3], XmlCount::kOnce, ReadFeature},
    {kFeatureNames[4], XmlCount::kOnce, ReadFeature}, {kFeatureNames[5], XmlCount::kOnce, ReadFeature},
    {kFeatureNames[6], XmlCount::kOnce, ReadFeature}, {kFeatureNames[7], XmlCount::kOnce, ReadFeature},
    {kFeatureNames[8], XmlCount::kOnce, ReadFeature},
};

constexpr XmlElementRule<Guest> kElements[] = {
    {"os_type", XmlCount::kOnce, ElementWord<&Guest::mutable_os_type, kOsTypes>},
    {"arch", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Guest* guest) {
       RequireAttributes(reader, element, {"name"});
       RequireElements(reader, element, {"wordsize", "domain"});
       ReadXml<Guest>(reader, element, {.attributes = kArchAttributes, .elements = kArchElements}, guest);
     }},
    {"features", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Guest* guest) {
       guest->set_features_told(true);
       ReadXml<Guest>(reader, element, {.elements = kFeatures}, guest);
     }},
};

void WriteMachine(XmlWriter* writer, const Machine& machine) {
  writer->Begin("machine").OptionalAttribute("canonical", machine.canonical());
  if (machine.max_cpus() != 0) writer->Attribute("maxCpus", machine.max_cpus());
  if (machine.has_deprecated()) writer->Attribute("deprecated", YesNo(machine.deprecated()));
  writer->Text(machine.name()).End();
}

}  // namespace

void ReadGuest(XmlReader* reader, pugi::xml_node element, v1::HostCapabilities* capabilities) {
  RequireElements(reader, element, {"os_type", "arch"});
  ReadXml<Guest>(reader, element, {.elements = kElements}, capabilities->add_guests());
}

void WriteGuest(XmlWriter* writer, const Guest& guest) {
  writer->Begin("guest");
  writer->Element("os_type", guest.os_type());
  writer->Begin("arch").Attribute("name", guest.architecture());
  writer->Element("wordsize", guest.word_size());
  writer->OptionalElement("emulator", guest.emulator());
  writer->OptionalElement("loader", guest.loader());
  for (const Machine& machine : guest.machines()) WriteMachine(writer, machine);
  for (const Type& type : guest.domains()) {
    writer->Begin("domain").Attribute("type", type.type());
    writer->OptionalElement("emulator", type.emulator());
    for (const Machine& machine : type.machines()) WriteMachine(writer, machine);
    writer->End();
  }
  writer->End();
  if (guest.features_told() || !guest.features().empty()) {
    writer->Begin("features");
    for (const Feature& feature : guest.features()) {
      writer->Begin(KnownName(kFeatureNames, feature.name()));
      if (feature.has_on()) writer->Attribute("default", feature.on() ? "on" : "off");
      if (feature.has_toggle()) writer->Attribute("toggle", YesNo(feature.toggle()));
      writer->End();
    }
    writer->End();
  }
  writer->End();
}

}  // namespace reeve::formats

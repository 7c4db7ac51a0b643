#include "formats/capabilities_xml.h"

#include <utility>

#include "formats/capabilities_xml_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Capabilities = v1::HostCapabilities;
using Host = v1::HostDescription;
using Power = v1::PowerManagement;
using Migration = v1::MigrationFeatures;
using Model = v1::SecurityModel;
using Label = v1::BaseLabel;

constexpr XmlElementRule<Power> kPower[] = {
    {"suspend_mem", XmlCount::kOnce, ElementFlag<&Power::set_suspend_memory>},
    {"suspend_disk", XmlCount::kOnce, ElementFlag<&Power::set_suspend_disk>},
    {"suspend_hybrid", XmlCount::kOnce, ElementFlag<&Power::set_suspend_hybrid>},
};

constexpr XmlRules<Power> kPowerRules = {.elements = kPower};

constexpr XmlAttributeRule<Host> kIommu[] = {{"support", AttributeYesNo<&Host::set_iommu>}};

constexpr XmlElementRule<Migration> kTransports[] = {
    {"uri_transport", XmlCount::kRepeated,
     [](XmlReader* reader, pugi::xml_node element, Migration* migration) {
       migration->add_transports(std::string(PlainText(reader, element).text));
     }},
};

constexpr XmlElementRule<Migration> kMigration[] = {
    {"live", XmlCount::kOnce, ElementFlag<&Migration::set_live>},
    {"uri_transports", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Migration* migration) {
       ReadXml<Migration>(reader, element, {.elements = kTransports}, migration);
     }},
};

constexpr XmlRules<Migration> kMigrationRules = {.elements = kMigration};

constexpr XmlAttributeRule<Label> kLabelAttributes[] = {{"type", AttributeText<&Label::mutable_type>}};

constexpr XmlRules<Label> kLabelRules = {.attributes = kLabelAttributes, .text = AttributeText<&Label::mutable_label>};

constexpr XmlElementRule<Model> kModel[] = {
    {"model", XmlCount::kOnce, ElementText<&Model::mutable_model>},
    {"doi", XmlCount::kOnce, ElementText<&Model::mutable_doi>},
    {"baselabel", XmlCount::kRepeated, ElementMessage<&Model::add_base_labels, kLabelRules, Model>},
};

constexpr XmlRules<Model> kModelRules = {.elements = kModel};

constexpr XmlElementRule<Host> kHost[] = {
    {"uuid", XmlCount::kOnce, ElementUuid<&Host::mutable_uuid>},
    {"cpu", XmlCount::kOnce, ReadHostCpu},
    {"power_management", XmlCount::kOnce, ElementMessage<&Host::mutable_power_management, kPowerRules, Host>},
    {"iommu", XmlCount::kOnce, ElementAttributes<kIommu, Host>},
    {"migration_features", XmlCount::kOnce, ElementMessage<&Host::mutable_migration, kMigrationRules, Host>},
    {"topology", XmlCount::kOnce, ReadTopology},
    {"cache", XmlCount::kOnce, ReadCache},
    {"memory_bandwidth", XmlCount::kOnce, ReadMemoryBandwidth},
    {"secmodel", XmlCount::kRepeated, ElementMessage<&Host::add_security_models, kModelRules, Host>},
};

constexpr XmlRules<Host> kHostRules = {.elements = kHost};

constexpr XmlElementRule<Capabilities> kElements[] = {
    {"host", XmlCount::kOnce, ElementMessage<&Capabilities::mutable_host, kHostRules, Capabilities>},
    {"guest", XmlCount::kRepeated, ReadGuest},
};

void WritePower(XmlWriter* writer, const Power& power) {
  writer->Begin("power_management");
  if (power.suspend_memory()) writer->Flag("suspend_mem");
  if (power.suspend_disk()) writer->Flag("suspend_disk");
  if (power.suspend_hybrid()) writer->Flag("suspend_hybrid");
  writer->End();
}

void WriteMigration(XmlWriter* writer, const Migration& migration) {
  writer->Begin("migration_features");
  if (migration.live()) writer->Flag("live");
  if (!migration.transports().empty()) {
    writer->Begin("uri_transports");
    for (const std::string& transport : migration.transports()) writer->Element("uri_transport", transport);
    writer->End();
  }
  writer->End();
}

void WriteModel(XmlWriter* writer, const Model& model) {
  writer->Begin("secmodel");
  writer->Element("model", model.model());
  writer->Element("doi", model.doi());
  for (const Label& label : model.base_labels()) {
    writer->Begin("baselabel").Attribute("type", label.type()).Text(label.label()).End();
  }
  writer->End();
}

void WriteHost(XmlWriter* writer, const Host& host) {
  writer->Begin("host");
  writer->OptionalElement("uuid", host.uuid());
  WriteHostCpu(writer, host.cpu());
  if (host.has_power_management()) WritePower(writer, host.power_management());
  if (host.has_iommu()) writer->Begin("iommu").Attribute("support", YesNo(host.iommu())).End();
  if (host.has_migration()) WriteMigration(writer, host.migration());
  WriteTopology(writer, host);
  WriteResources(writer, host);
  for (const Model& model : host.security_models()) WriteModel(writer, model);
  writer->End();
}

}  // namespace

absl::StatusOr<Capabilities> ParseCapabilitiesXml(absl::string_view text, std::vector<Warning>* warnings,
                                                  Strictness strictness) {
  XmlReader reader(text, warnings, strictness);
  Capabilities capabilities;
  if (const pugi::xml_node root = reader.Load({})) {
    if (absl::string_view(root.name()) != "capabilities") {
      reader.UnknownElement(root);
      return reader.ToStatus();
    }
    ReadXml<Capabilities>(&reader, root, {.elements = kElements}, &capabilities);
    RequireElements(&reader, root, {"host"});
  }
  if (!reader.ok()) return reader.ToStatus();
  return capabilities;
}

std::string WriteCapabilitiesXml(const Capabilities& capabilities) {
  XmlWriter writer;
  writer.Begin("capabilities");
  WriteHost(&writer, capabilities.host());
  for (const v1::GuestCapability& guest : capabilities.guests()) WriteGuest(&writer, guest);
  writer.End();
  return std::move(writer).Finish();
}

}  // namespace reeve::formats

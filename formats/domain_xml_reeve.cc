// <reeve:domain> below <metadata>: what libvirt's XML has no element for.
#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Calls = v1::SystemCallPolicy;
using Call = v1::SystemCallRule;
using Device = v1::DeviceRule;
using Options = v1::LxcOptions;
using Signals = v1::ShutdownSignals;
using Spec = v1::DomainSpec;

constexpr absl::string_view kNamespace = "urn:reeve:domain:1";

constexpr XmlAttributeRule<Options> kIdMapAttributes[] = {
    {"mode",
     [](XmlReader* reader, const XmlValue& value, Options* options) {
       if (const auto place = reader->OneOf(value, kIdMapModes)) {
         options->set_id_map_mode(static_cast<Options::IdMapMode>(*place + 1));
       }
     }},
    {"count", AttributeNumber<&Options::set_id_map_count>},
};

constexpr XmlAttributeRule<Call> kCallAttributes[] = {
    {"name", AttributeText<&Call::mutable_name>},
    {"state", AttributeOnOff<&Call::set_on>},
    {"error", AttributeWord<&Call::mutable_error, kSystemCallErrors>},
};

constexpr XmlAttributeRule<Calls> kCallsAttributes[] = {
    {"policy",
     [](XmlReader* reader, const XmlValue& value, Calls* calls) {
       if (const auto place = reader->OneOf(value, kSystemCallPolicies)) {
         calls->set_policy(static_cast<Calls::Policy>(*place + 1));
       }
     }},
};

constexpr XmlElementRule<Calls> kCallsElements[] = {
    {"reeve:call", XmlCount::kRepeated, ElementAttributesOf<&Calls::add_rules, kCallAttributes>},
};

constexpr XmlAttributeRule<Options> kOpenAttributes[] = {
    {"path",
     [](XmlReader*, const XmlValue& value, Options* options) { options->add_open_paths(std::string(value.text)); }},
};

constexpr XmlAttributeRule<Device> kDeviceAttributes[] = {
    {"type", AttributeWord<&Device::mutable_type, kDeviceTypes>},
    {"major", AttributeNumber<&Device::set_major>},
    {"minor", AttributeNumber<&Device::set_minor>},
    {"access", AttributeText<&Device::mutable_access>},
};

constexpr XmlAttributeRule<Options> kLxcfsAttributes[] = {{"use", AttributeYesNo<&Options::set_lxcfs>}};

constexpr XmlElementRule<Options> kOptionsElements[] = {
    {"reeve:idmap", XmlCount::kOnce, ElementAttributes<kIdMapAttributes>},
    {"reeve:no_new_privileges", XmlCount::kOnce, ElementFlag<&Options::set_no_new_privileges>},
    {"reeve:calls", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Options* options) {
       ReadXml<Calls>(reader, element, {.attributes = kCallsAttributes, .elements = kCallsElements},
                      options->mutable_system_calls());
     }},
    {"reeve:open", XmlCount::kRepeated, ElementAttributes<kOpenAttributes>},
    {"reeve:device", XmlCount::kRepeated, ElementAttributesOf<&Options::add_devices, kDeviceAttributes>},
    {"reeve:lxcfs", XmlCount::kOnce, ElementAttributes<kLxcfsAttributes>},
};

template <auto Mutable>
void ReadSignal(XmlReader* reader, pugi::xml_node element, Spec* spec) {
  static constexpr XmlAttributeRule<Signals> kAttributes[] = {{"signal", AttributeText<Mutable>}};
  ReadXml<Signals>(reader, element, {.attributes = kAttributes}, spec->mutable_shutdown_signals());
}

constexpr XmlAttributeRule<Spec> kAttributes[] = {
    {"xmlns:reeve", [](XmlReader*, const XmlValue&, Spec*) {}},
};

constexpr XmlElementRule<Spec> kElements[] = {
    {"reeve:shutdown", XmlCount::kOnce, ReadSignal<&Signals::mutable_shutdown>},
    {"reeve:reboot", XmlCount::kOnce, ReadSignal<&Signals::mutable_reboot>},
    {"reeve:lxc", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Spec* spec) {
       ReadXml<Options>(reader, element, {.elements = kOptionsElements}, spec->mutable_lxc());
     }},
};

void WriteSignal(XmlWriter* writer, absl::string_view name, const std::string& signal) {
  if (!signal.empty()) writer->Begin(name).Attribute("signal", signal).End();
}

void WriteCalls(XmlWriter* writer, const Calls& calls) {
  writer->Begin("reeve:calls");
  if (calls.policy() != Calls::POLICY_UNSPECIFIED) {
    writer->Attribute("policy", kSystemCallPolicies[calls.policy() - 1]);
  }
  for (const Call& call : calls.rules()) {
    writer->Begin("reeve:call").Attribute("name", call.name()).Attribute("state", call.on() ? "on" : "off");
    writer->OptionalAttribute("error", call.error()).End();
  }
  writer->End();
}

void WriteDevice(XmlWriter* writer, const Device& device) {
  writer->Begin("reeve:device").Attribute("type", device.type());
  if (device.has_major()) writer->Attribute("major", device.major());
  if (device.has_minor()) writer->Attribute("minor", device.minor());
  writer->OptionalAttribute("access", device.access()).End();
}

void WriteOptions(XmlWriter* writer, const Options& options) {
  writer->Begin("reeve:lxc");
  if (options.id_map_mode() != Options::ID_MAP_MODE_UNSPECIFIED || options.has_id_map_count()) {
    writer->Begin("reeve:idmap");
    if (options.id_map_mode() != Options::ID_MAP_MODE_UNSPECIFIED) {
      writer->Attribute("mode", kIdMapModes[options.id_map_mode() - 1]);
    }
    if (options.has_id_map_count()) writer->Attribute("count", options.id_map_count());
    writer->End();
  }
  if (options.no_new_privileges()) writer->Flag("reeve:no_new_privileges");
  if (options.has_system_calls()) WriteCalls(writer, options.system_calls());
  for (const std::string& path : options.open_paths()) writer->Begin("reeve:open").Attribute("path", path).End();
  for (const Device& device : options.devices()) WriteDevice(writer, device);
  if (options.has_lxcfs()) writer->Begin("reeve:lxcfs").Attribute("use", options.lxcfs() ? "yes" : "no").End();
  writer->End();
}

bool HasSignals(const Signals& signals) {
  return !signals.shutdown().empty() || !signals.reboot().empty();
}

}  // namespace

bool IsReeveElement(pugi::xml_node element) {
  return absl::string_view(element.name()) == "reeve:domain" &&
         absl::string_view(element.attribute("xmlns:reeve").value()) == kNamespace;
}

void ReadReeveElement(XmlReader* reader, pugi::xml_node element, Spec* spec) {
  ReadXml<Spec>(reader, element, {.attributes = kAttributes, .elements = kElements}, spec);
}

bool HasReeveElement(const Spec& spec) {
  return HasSignals(spec.shutdown_signals()) || spec.has_lxc();
}

void WriteReeveElement(XmlWriter* writer, const Spec& spec) {
  writer->Begin("reeve:domain").Attribute("xmlns:reeve", kNamespace);
  WriteSignal(writer, "reeve:shutdown", spec.shutdown_signals().shutdown());
  WriteSignal(writer, "reeve:reboot", spec.shutdown_signals().reboot());
  if (spec.has_lxc()) WriteOptions(writer, spec.lxc());
  writer->End();
}

}  // namespace reeve::formats

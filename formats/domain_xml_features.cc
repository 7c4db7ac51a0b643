#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Policy = v1::CapabilityPolicy;
using State = v1::CapabilityState;

constexpr XmlAttributeRule<Policy> kPolicyAttributes[] = {
    {"policy",
     [](XmlReader* reader, const XmlValue& value, Policy* policy) {
       if (const auto place = reader->OneOf(value, kCapabilityPolicies)) {
         policy->set_policy(static_cast<Policy::Policy>(*place + 1));
       }
     }},
};

constexpr XmlAttributeRule<State> kStateAttributes[] = {
    {"state",
     [](XmlReader* reader, const XmlValue& value, State* state) {
       if (const auto on = reader->Either(value, "on", "off")) state->set_on(*on);
     }},
};

void ReadCapability(XmlReader* reader, pugi::xml_node element, Policy* policy) {
  State* state = policy->add_states();
  state->set_name(element.name());
  if (!element.attribute("state")) reader->Invalid(element, "has no attribute state");
  ReadXml<State>(reader, element, {.attributes = kStateAttributes}, state);
}

// One rule for each capability.
constexpr auto MakeCapabilityRules() {
  std::array<XmlElementRule<Policy>, kCapabilities.size()> rules{};
  for (size_t i = 0; i < rules.size(); ++i) rules[i] = {kCapabilities[i], XmlCount::kOnce, ReadCapability};
  return rules;
}
constexpr auto kCapabilityRules = MakeCapabilityRules();

void ReadCapabilities(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<Policy>(reader, element, {.attributes = kPolicyAttributes, .elements = kCapabilityRules},
                  spec->mutable_features()->mutable_capabilities());
}

template <auto Set>
void ReadSwitch(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ElementFlag<Set>(reader, element, spec->mutable_features());
}

template <auto Set>
void ReadState(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ElementState<Set>(reader, element, spec->mutable_features());
}

constexpr XmlAttributeRule<v1::Features> kApicAttributes[] = {
    {"eoi", AttributeOnOff<&v1::Features::set_apic_eoi>},
};

void ReadApic(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  spec->mutable_features()->set_apic(true);
  ReadXml<v1::Features>(reader, element, {.attributes = kApicAttributes}, spec->mutable_features());
}

using Xen = v1::XenFeatures;
constexpr XmlAttributeRule<Xen> kPassthroughAttributes[] = {
    {"state", AttributeOnOff<&Xen::set_passthrough>},
    {"mode", AttributeWord<&Xen::mutable_passthrough_mode, kXenPassthroughModes>},
};

constexpr XmlElementRule<Xen> kXenElements[] = {
    {"e820_host", XmlCount::kOnce, ElementState<&Xen::set_e820_host, Xen>},
    {"passthrough", XmlCount::kOnce, ElementAttributes<kPassthroughAttributes, Xen>},
};

void WriteState(XmlWriter* writer, absl::string_view name, bool has, bool on) {
  if (has) writer->Begin(name).Attribute("state", on ? "on" : "off").End();
}

void WriteXen(XmlWriter* writer, const Xen& xen) {
  writer->Begin("xen");
  WriteState(writer, "e820_host", xen.has_e820_host(), xen.e820_host());
  if (xen.has_passthrough()) {
    writer->Begin("passthrough")
        .Attribute("state", xen.passthrough() ? "on" : "off")
        .OptionalAttribute("mode", xen.passthrough_mode())
        .End();
  }
  writer->End();
}

constexpr XmlElementRule<v1::DomainSpec> kElements[] = {
    {"acpi", XmlCount::kOnce, ReadSwitch<&v1::Features::set_acpi>},
    {"apic", XmlCount::kOnce, ReadApic},
    {"pae", XmlCount::kOnce, ReadSwitch<&v1::Features::set_pae>},
    {"hap", XmlCount::kOnce, ReadState<&v1::Features::set_hap>},
    {"viridian", XmlCount::kOnce, ReadSwitch<&v1::Features::set_viridian>},
    {"pvspinlock", XmlCount::kOnce, ReadState<&v1::Features::set_pv_spin_lock>},
    {"pmu", XmlCount::kOnce, ReadState<&v1::Features::set_pmu>},
    {"vmcoreinfo", XmlCount::kOnce, ReadState<&v1::Features::set_vm_core_info>},
    {"smm", XmlCount::kOnce, ReadState<&v1::Features::set_smm>},
    {"xen", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
       ReadXml<Xen>(reader, element, {.elements = kXenElements}, spec->mutable_features()->mutable_xen());
     }},
    {"privnet", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
       ReadXml<v1::DomainSpec>(reader, element, {}, spec);
       spec->set_network_mode(v1::NETWORK_MODE_PRIVATE);
     }},
    {"capabilities", XmlCount::kOnce, ReadCapabilities},
};

bool HasCapabilities(const v1::Features& features) {
  return features.capabilities().policy() > Policy::POLICY_DEFAULT || !features.capabilities().states().empty();
}

void WriteCapabilities(XmlWriter* writer, const Policy& policy) {
  const int place = policy.policy() == Policy::POLICY_UNSPECIFIED ? 0 : policy.policy() - 1;
  writer->Begin("capabilities").Attribute("policy", kCapabilityPolicies[place]);
  for (const State& state : policy.states()) {
    writer->Begin(state.name()).Attribute("state", state.on() ? "on" : "off").End();
  }
  writer->End();
}

}  // namespace

void ReadFeatures(XmlReader* reader, pugi::xml_node element, v1::DomainSpec* spec) {
  ReadXml<v1::DomainSpec>(reader, element, {.elements = kElements}, spec);
}

void WriteFeatures(XmlWriter* writer, const v1::DomainSpec& spec) {
  const v1::Features& features = spec.features();
  const bool private_network = spec.network_mode() == v1::NETWORK_MODE_PRIVATE;
  const bool capabilities = HasCapabilities(features);
  // Those that the rest of libvirt's switches need are told apart from an empty message here.
  v1::Features others = features;
  others.clear_capabilities();
  if (!features.acpi()) others.clear_acpi();
  if (!features.apic()) others.clear_apic();
  if (!features.pae()) others.clear_pae();
  if (!features.viridian()) others.clear_viridian();
  if (others.ByteSizeLong() == 0 && !private_network && !capabilities) return;
  writer->Begin("features");
  if (features.acpi()) writer->Flag("acpi");
  if (features.apic()) {
    writer->Begin("apic");
    if (features.has_apic_eoi()) writer->Attribute("eoi", features.apic_eoi() ? "on" : "off");
    writer->End();
  }
  if (features.pae()) writer->Flag("pae");
  WriteState(writer, "hap", features.has_hap(), features.hap());
  if (features.viridian()) writer->Flag("viridian");
  if (private_network) writer->Flag("privnet");
  WriteState(writer, "pvspinlock", features.has_pv_spin_lock(), features.pv_spin_lock());
  if (capabilities) WriteCapabilities(writer, features.capabilities());
  WriteState(writer, "pmu", features.has_pmu(), features.pmu());
  WriteState(writer, "smm", features.has_smm(), features.smm());
  WriteState(writer, "vmcoreinfo", features.has_vm_core_info(), features.vm_core_info());
  if (features.has_xen()) WriteXen(writer, features.xen());
  writer->End();
}

}  // namespace reeve::formats

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

void ReadState(XmlReader* reader, pugi::xml_node element, Policy* policy) {
  State* state = policy->add_states();
  state->set_name(element.name());
  if (!element.attribute("state")) reader->Invalid(element, "has no attribute state");
  ReadXml<State>(reader, element, {.attributes = kStateAttributes}, state);
}

// One rule for each capability.
constexpr auto MakeCapabilityRules() {
  std::array<XmlElementRule<Policy>, kCapabilities.size()> rules{};
  for (size_t i = 0; i < rules.size(); ++i) rules[i] = {kCapabilities[i], XmlCount::kOnce, ReadState};
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

constexpr XmlElementRule<v1::DomainSpec> kElements[] = {
    {"acpi", XmlCount::kOnce, ReadSwitch<&v1::Features::set_acpi>},
    {"apic", XmlCount::kOnce, ReadSwitch<&v1::Features::set_apic>},
    {"pae", XmlCount::kOnce, ReadSwitch<&v1::Features::set_pae>},
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
  if (!features.acpi() && !features.apic() && !features.pae() && !private_network && !capabilities) return;
  writer->Begin("features");
  if (features.acpi()) writer->Flag("acpi");
  if (features.apic()) writer->Flag("apic");
  if (features.pae()) writer->Flag("pae");
  if (private_network) writer->Flag("privnet");
  if (capabilities) WriteCapabilities(writer, features.capabilities());
  writer->End();
}

}  // namespace reeve::formats

#include "formats/network_filter_xml.h"

#include <algorithm>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "formats/network_filter_fields.h"
#include "formats/xml_messages.h"
#include "formats/xml_writer.h"

namespace reeve::formats {
namespace {

using Match = v1::NetworkFilterMatch;
using Parameter = v1::NetworkFilterParameter;
using Reference = v1::NetworkFilterReference;
using Rule = v1::NetworkFilterRule;
using Spec = v1::NetworkFilterSpec;

constexpr absl::string_view kActions[] = {"drop", "accept", "reject", "continue", "return"};
constexpr absl::string_view kDirections[] = {"in", "out", "inout"};
constexpr int32_t kRulePriority = 500;
constexpr int64_t kMaxPriority = 1000;
constexpr size_t kMaxChainBytes = 15;

// The begins of names of chains, and the priorities of the chains that have no more than that in their name.
struct Chain {
  absl::string_view begin;
  int32_t priority;
};
constexpr Chain kChains[] = {
    {"root", 0},    {"stp", -810},  {"mac", -800}, {"vlan", -750},
    {"ipv4", -700}, {"ipv6", -600}, {"arp", -500}, {"rarp", -400},
};

const Chain* ChainOf(absl::string_view name) {
  for (const Chain& chain : kChains) {
    if (chain.begin == "root" ? name == "root" : absl::StartsWith(name, chain.begin)) return &chain;
  }
  return nullptr;
}

// The priority of a chain whose filter says none.
int32_t DefaultPriority(absl::string_view name) {
  const Chain* chain = ChainOf(name);
  return chain != nullptr && chain->begin == name ? chain->priority : 0;
}

struct Draft {
  v1::NetworkFilter* filter;
  Spec* spec;
};

void ReadName(XmlReader* reader, const XmlValue& value, Draft* draft) {
  CheckObjectName(reader, value);
  draft->filter->set_name(absl::StrCat("networkFilters/", value.text));
}

void ReadChain(XmlReader* reader, const XmlValue& value, Draft* draft) {
  draft->spec->set_chain(std::string(value.text));
  const auto allowed = [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("_.:-", absl::string_view(&c, 1));
  };
  if (value.text.size() > kMaxChainBytes) {
    reader->Invalid(value, "is longer than 15 bytes");
  } else if (!std::all_of(value.text.begin(), value.text.end(), allowed)) {
    reader->Invalid(value, "has characters other than letters, digits and _.:-");
  } else if (ChainOf(value.text) == nullptr) {
    reader->Invalid(value, "is neither root nor begins with mac, stp, vlan, arp, rarp, ipv4 or ipv6");
  }
}

// A priority within libvirt's bounds.
template <auto Set, typename T>
void ReadPriority(XmlReader* reader, const XmlValue& value, T* out) {
  const auto priority = reader->Signed(value);
  if (!priority) return;
  if (*priority < -kMaxPriority || *priority > kMaxPriority) return reader->Invalid(value, "is not from -1000 to 1000");
  (out->*Set)(static_cast<int32_t>(*priority));
}

constexpr XmlAttributeRule<Draft> kAttributes[] = {
    {"name", ReadName},
    {"chain", ReadChain},
    {"priority", [](XmlReader* reader, const XmlValue& value,
                    Draft* draft) { ReadPriority<&Spec::set_priority>(reader, value, draft->spec); }},
};

void ReadStateMatch(XmlReader* reader, const XmlValue& value, Rule* rule) {
  if (value.text == "0" || absl::EqualsIgnoreCase(value.text, "false")) {
    rule->set_stateless(true);
  } else if (value.text != "1" && !absl::EqualsIgnoreCase(value.text, "true")) {
    reader->UnknownValue(value);
  }
}

constexpr XmlAttributeRule<Rule> kRuleAttributes[] = {
    {"action", AttributeWord<&Rule::mutable_action, kActions>},
    {"direction", AttributeWord<&Rule::mutable_direction, kDirections>},
    {"priority", ReadPriority<&Rule::set_priority, Rule>},
    {"statematch", ReadStateMatch},
};

void ReadMatch(XmlReader* reader, pugi::xml_node element, const FilterProtocol& protocol, Match* match) {
  match->set_protocol(std::string(protocol.name));
  if (const auto child = element.first_child(); child && child.type() == pugi::node_element)
    reader->UnknownElement(child);
  std::vector<std::string> values(protocol.fields.size());
  std::vector<bool> present(protocol.fields.size());
  for (const pugi::xml_attribute attribute : element.attributes()) {
    const XmlValue value{attribute.value(), element, attribute};
    if (absl::string_view(attribute.name()) == "match") {
      if (const auto yes = reader->Either(value, "yes", "no")) match->set_inverted(!*yes);
      continue;
    }
    const auto field = std::find_if(protocol.fields.begin(), protocol.fields.end(),
                                    [&](const FilterField& known) { return known.name == attribute.name(); });
    if (field == protocol.fields.end()) {
      reader->UnknownAttribute(value);
      continue;
    }
    auto normal = NormalFieldValue(field->type, value.text);
    if (!normal.ok()) {
      reader->Invalid(value, normal.status().message());
      continue;
    }
    const auto place = static_cast<size_t>(field - protocol.fields.begin());
    values[place] = *std::move(normal);
    present[place] = true;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    if (!present[i]) continue;
    auto* condition = match->add_conditions();
    condition->set_name(std::string(protocol.fields[i].name));
    condition->set_value(std::move(values[i]));
  }
}

void CheckMatch(XmlReader* reader, pugi::xml_node element, const Match& match) {
  if (element.attribute("ipset") && !element.attribute("ipsetflags"))
    reader->Invalid(element, "has ipset and no ipsetflags");
  if (element.attribute("ipsetflags") && !element.attribute("ipset"))
    reader->Invalid(element, "has ipsetflags and no ipset");
  if (match.protocol() == "ip" || match.protocol() == "ipv6") {
    const absl::string_view protocol = element.attribute("protocol").value();
    const bool has_ports = element.attribute("srcportstart") || element.attribute("srcportend") ||
                           element.attribute("dstportstart") || element.attribute("dstportend");
    if (has_ports && protocol.empty()) reader->Invalid(element, "has ports and no protocol");
  }
}

void ReadRule(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  Rule* rule = draft->spec->add_entries()->mutable_rule();
  RequireAttributes(reader, element, {"action", "direction"});
  for (const pugi::xml_attribute attribute : element.attributes()) {
    const XmlValue value{attribute.value(), element, attribute};
    const auto* known = FindXmlRule(absl::MakeConstSpan(kRuleAttributes), attribute.name());
    known == nullptr ? reader->UnknownAttribute(value) : known->read(reader, value, rule);
  }
  for (const pugi::xml_node child : element.children()) {
    if (reader->full()) return;
    if (child.type() != pugi::node_element) {
      if (!IsBlankText(child.value())) reader->Invalid(element, "has text where none is allowed");
      continue;
    }
    const FilterProtocol* protocol = FindFilterProtocol(child.name());
    if (protocol == nullptr) {
      reader->UnknownElement(child);
    } else if (rule->has_match()) {
      reader->Invalid(child, "is the second protocol of its rule");
    } else {
      ReadMatch(reader, child, *protocol, rule->mutable_match());
      CheckMatch(reader, child, rule->match());
    }
  }
}

constexpr XmlAttributeRule<Parameter> kParameterAttributes[] = {
    {"name", AttributeText<&Parameter::mutable_name>},
    {"value", AttributeText<&Parameter::mutable_value>},
};
constexpr XmlRules<Parameter> kParameterRules{.attributes = kParameterAttributes};

void CheckParameter(XmlReader* reader, pugi::xml_node element, const Parameter& parameter) {
  RequireAttributes(reader, element, {"name", "value"});
  const auto in_name = [](char c) { return absl::ascii_isalnum(c) || c == '_'; };
  const auto in_value = [](char c) {
    return absl::ascii_isalnum(c) || absl::StrContains("_.:", absl::string_view(&c, 1));
  };
  if (!std::all_of(parameter.name().begin(), parameter.name().end(), in_name)) {
    reader->Invalid(element, "has a name with characters other than letters, digits and '_'");
  }
  if (!std::all_of(parameter.value().begin(), parameter.value().end(), in_value)) {
    reader->Invalid(element, "has a value with characters other than letters, digits and _.:");
  }
}

constexpr XmlAttributeRule<Reference> kReferenceAttributes[] = {
    {"filter", AttributeText<&Reference::mutable_filter>},
};
constexpr XmlElementRule<Reference> kReferenceElements[] = {
    {"parameter", XmlCount::kRepeated, ElementChecked<&Reference::add_parameters, kParameterRules, CheckParameter>},
};

void ReadReference(XmlReader* reader, pugi::xml_node element, Draft* draft) {
  Reference* reference = draft->spec->add_entries()->mutable_reference();
  RequireAttributes(reader, element, {"filter"});
  ReadXml<Reference>(reader, element, {.attributes = kReferenceAttributes, .elements = kReferenceElements}, reference);
  // The values of a variable keep their order; the variables have none.
  std::stable_sort(reference->mutable_parameters()->begin(), reference->mutable_parameters()->end(),
                   [](const Parameter& a, const Parameter& b) { return a.name() < b.name(); });
}

constexpr XmlElementRule<Draft> kElements[] = {
    {"uuid", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Draft* draft) {
       ElementUuid<&v1::NetworkFilter::mutable_uid>(reader, element, draft->filter);
     }},
    {"rule", XmlCount::kRepeated, ReadRule},
    {"filterref", XmlCount::kRepeated, ReadReference},
};

void WriteMatch(XmlWriter* writer, const Match& match) {
  writer->Begin(match.protocol());
  if (match.inverted() && !match.conditions().empty()) writer->Attribute("match", "no");
  for (const auto& condition : match.conditions()) writer->Attribute(condition.name(), condition.value());
  writer->End();
}

void WriteRule(XmlWriter* writer, const Rule& rule) {
  writer->Begin("rule").Attribute("action", rule.action()).Attribute("direction", rule.direction());
  writer->Attribute("priority", rule.has_priority() ? rule.priority() : kRulePriority);
  if (rule.stateless()) writer->Attribute("statematch", "false");
  if (rule.has_match()) WriteMatch(writer, rule.match());
  writer->End();
}

void WriteReference(XmlWriter* writer, const Reference& reference) {
  writer->Begin("filterref").Attribute("filter", reference.filter());
  for (const Parameter& parameter : reference.parameters()) {
    writer->Begin("parameter").Attribute("name", parameter.name()).Attribute("value", parameter.value()).End();
  }
  writer->End();
}

}  // namespace

absl::StatusOr<v1::NetworkFilter> ParseNetworkFilterXml(absl::string_view text, std::vector<Warning>* warnings,
                                                        Strictness strictness) {
  XmlReader reader(text, warnings, strictness);
  v1::NetworkFilter filter;
  if (const pugi::xml_node root = reader.Load({})) {
    if (absl::string_view(root.name()) != "filter") {
      reader.UnknownElement(root);
      return reader.ToStatus();
    }
    Draft draft{&filter, filter.mutable_spec()};
    RequireAttributes(&reader, root, {"name"});
    ReadXml<Draft>(&reader, root, {.attributes = kAttributes, .elements = kElements}, &draft);
    if (draft.spec->chain().empty()) draft.spec->set_chain("root");
    if (draft.spec->priority() == DefaultPriority(draft.spec->chain())) draft.spec->clear_priority();
  }
  if (!reader.ok()) return reader.ToStatus();
  return filter;
}

std::string WriteNetworkFilterXml(const v1::NetworkFilter& filter) {
  const Spec& spec = filter.spec();
  XmlWriter writer;
  writer.Begin("filter").Attribute("name", LastPart(filter.name()));
  const absl::string_view chain = spec.chain().empty() ? absl::string_view("root") : spec.chain();
  const int32_t priority = spec.has_priority() ? spec.priority() : DefaultPriority(chain);
  writer.Attribute("chain", chain);
  if (priority != 0 || spec.has_priority()) writer.Attribute("priority", priority);
  writer.Body();
  writer.OptionalElement("uuid", filter.uid());
  for (const auto& entry : spec.entries()) {
    if (entry.has_rule()) WriteRule(&writer, entry.rule());
    if (entry.has_reference()) WriteReference(&writer, entry.reference());
  }
  writer.End();
  return std::move(writer).Finish();
}

}  // namespace reeve::formats

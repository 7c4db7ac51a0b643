#include "formats/switch_xml.h"

#include "formats/xml_messages.h"
#include "formats/xml_number.h"

namespace reeve::formats {
namespace {

using Limit = v1::BandwidthLimit;
using Port = v1::VirtualPort;
using Tag = v1::VlanTag;

constexpr absl::string_view kNativeModes[] = {"tagged", "untagged"};
constexpr absl::string_view kPortTypes[] = {"802.1Qbg", "802.1Qbh", "openvswitch", "midonet"};
// In the order in which they are written.
constexpr absl::string_view kParameters[] = {"managerid",  "typeid",      "typeidversion",
                                             "instanceid", "interfaceid", "profileid"};
constexpr size_t kMaxProfileBytes = 39;

void ReadTagId(XmlReader* reader, const XmlValue& value, Tag* tag) {
  if (const auto id = reader->Unsigned(value, 4095)) tag->set_id(static_cast<uint32_t>(*id));
}

constexpr XmlAttributeRule<Tag> kTagAttributes[] = {
    {"id", ReadTagId},
    {"nativeMode", AttributeWord<&Tag::mutable_native_mode, kNativeModes>},
};

constexpr XmlAttributeRule<v1::Vlan> kVlanAttributes[] = {
    {"trunk", AttributeYesNo<&v1::Vlan::set_trunk>},
};

void ReadTag(XmlReader* reader, pugi::xml_node element, v1::Vlan* vlan) {
  RequireAttributes(reader, element, {"id"});
  ReadXml<Tag>(reader, element, {.attributes = kTagAttributes}, vlan->add_tags());
}

constexpr XmlElementRule<v1::Vlan> kVlanElements[] = {{"tag", XmlCount::kRepeated, ReadTag}};

// Which parameters a type has; a port without a type may have all, for another specification's type.
bool Takes(absl::string_view type, absl::string_view parameter) {
  if (type.empty()) return true;
  if (parameter == "profileid") return type == "802.1Qbh" || type == "openvswitch";
  if (parameter == "interfaceid") return type == "openvswitch" || type == "midonet";
  return type == "802.1Qbg";
}

uint64_t MaxOf(absl::string_view parameter) {
  return parameter == "typeid" ? 0xffffff : 0xff;
}

struct Parameters {
  absl::string_view type;
  std::string values[std::size(kParameters)];
};

template <size_t kPlace>
void ReadParameter(XmlReader* reader, const XmlValue& value, Parameters* parameters) {
  const absl::string_view name = kParameters[kPlace];
  std::string& text = parameters->values[kPlace];
  if (!Takes(parameters->type, name)) {
    reader->Invalid(value, absl::StrCat("is not a parameter of type ", parameters->type));
  } else if (name == "instanceid" || name == "interfaceid") {
    auto uuid = ParseUuid(value.text);
    uuid.ok() ? void(text = *std::move(uuid)) : reader->Invalid(value, uuid.status().message());
  } else if (name == "profileid") {
    if (value.text.size() > kMaxProfileBytes) reader->Invalid(value, "is longer than 39 bytes");
    text = std::string(value.text);
  } else if (const auto number = ReadAnyNumber(reader, value, MaxOf(name))) {
    text = absl::StrCat(*number);
  }
}

constexpr XmlAttributeRule<Parameters> kParameterAttributes[] = {
    {kParameters[0], ReadParameter<0>}, {kParameters[1], ReadParameter<1>}, {kParameters[2], ReadParameter<2>},
    {kParameters[3], ReadParameter<3>}, {kParameters[4], ReadParameter<4>}, {kParameters[5], ReadParameter<5>},
};

void ReadParameters(XmlReader* reader, pugi::xml_node element, Port* port) {
  Parameters parameters{port->type(), {}};
  ReadXml<Parameters>(reader, element, {.attributes = kParameterAttributes}, &parameters);
  for (size_t i = 0; i < std::size(kParameters); ++i) {
    if (parameters.values[i].empty()) continue;
    auto* parameter = port->add_parameters();
    parameter->set_name(std::string(kParameters[i]));
    parameter->set_value(std::move(parameters.values[i]));
  }
}

constexpr XmlAttributeRule<Port> kPortAttributes[] = {
    {"type", AttributeWord<&Port::mutable_type, kPortTypes>},
};
constexpr XmlElementRule<Port> kPortElements[] = {{"parameters", XmlCount::kOnce, ReadParameters}};

template <auto Set>
void ReadRate(XmlReader* reader, const XmlValue& value, Limit* limit) {
  if (const auto rate = reader->Unsigned(value, 0xffffffff)) (limit->*Set)(*rate);
}

constexpr XmlAttributeRule<Limit> kLimitAttributes[] = {
    {"average", ReadRate<&Limit::set_average_kilobytes_per_second>},
    {"peak", ReadRate<&Limit::set_peak_kilobytes_per_second>},
    {"floor", ReadRate<&Limit::set_floor_kilobytes_per_second>},
    {"burst", ReadRate<&Limit::set_burst_kib>},
};
constexpr XmlRules<Limit> kLimitRules{.attributes = kLimitAttributes};

void CheckInbound(XmlReader* reader, pugi::xml_node element, const Limit& limit) {
  if (!limit.has_average_kilobytes_per_second() && !limit.has_floor_kilobytes_per_second()) {
    reader->Invalid(element, "has neither average nor floor");
  }
}

void CheckOutbound(XmlReader* reader, pugi::xml_node element, const Limit& limit) {
  RequireAttributes(reader, element, {"average"});
  if (limit.has_floor_kilobytes_per_second()) reader->Invalid(element, "has a floor, which only inbound may have");
}

constexpr XmlElementRule<v1::Bandwidth> kBandwidthElements[] = {
    {"inbound", XmlCount::kOnce, ElementChecked<&v1::Bandwidth::mutable_inbound, kLimitRules, CheckInbound>},
    {"outbound", XmlCount::kOnce, ElementChecked<&v1::Bandwidth::mutable_outbound, kLimitRules, CheckOutbound>},
};

void WriteLimit(XmlWriter* writer, absl::string_view name, const Limit& limit) {
  writer->Begin(name);
  if (limit.has_average_kilobytes_per_second()) writer->Attribute("average", limit.average_kilobytes_per_second());
  if (limit.has_peak_kilobytes_per_second()) writer->Attribute("peak", limit.peak_kilobytes_per_second());
  if (limit.has_floor_kilobytes_per_second()) writer->Attribute("floor", limit.floor_kilobytes_per_second());
  if (limit.has_burst_kib()) writer->Attribute("burst", limit.burst_kib());
  writer->End();
}

}  // namespace

void ReadSwitchVlan(XmlReader* reader, pugi::xml_node element, v1::Vlan* vlan) {
  ReadXml<v1::Vlan>(reader, element, {.attributes = kVlanAttributes, .elements = kVlanElements}, vlan);
  RequireElements(reader, element, {"tag"});
  bool native = false;
  for (const Tag& tag : vlan->tags()) native = native || !tag.native_mode().empty();
  if (vlan->tags_size() <= 1 && !native) return;
  if (element.attribute("trunk") && !vlan->trunk()) reader->Invalid(element, "is a trunk and has trunk='no'");
  vlan->set_trunk(true);
}

void ReadSwitchPort(XmlReader* reader, pugi::xml_node element, Port* port) {
  ReadXml<Port>(reader, element, {.attributes = kPortAttributes, .elements = kPortElements}, port);
}

void ReadSwitchBandwidth(XmlReader* reader, pugi::xml_node element, v1::Bandwidth* bandwidth) {
  ReadXml<v1::Bandwidth>(reader, element, {.elements = kBandwidthElements}, bandwidth);
}

void WriteSwitchVlan(XmlWriter* writer, const v1::Vlan& vlan) {
  if (vlan.tags().empty()) return;
  writer->Begin("vlan");
  if (vlan.trunk()) writer->Attribute("trunk", "yes");
  for (const Tag& tag : vlan.tags()) {
    writer->Begin("tag").Attribute("id", tag.id()).OptionalAttribute("nativeMode", tag.native_mode()).End();
  }
  writer->End();
}

void WriteSwitchPort(XmlWriter* writer, const Port& port) {
  if (port.type().empty() && port.parameters().empty()) return;
  writer->Begin("virtualport").OptionalAttribute("type", port.type());
  if (!port.parameters().empty()) {
    writer->Begin("parameters");
    for (const auto& parameter : port.parameters()) writer->Attribute(parameter.name(), parameter.value());
    writer->End();
  }
  writer->End();
}

void WriteSwitchBandwidth(XmlWriter* writer, const v1::Bandwidth& bandwidth) {
  if (!bandwidth.has_inbound() && !bandwidth.has_outbound()) return;
  writer->Begin("bandwidth");
  if (bandwidth.has_inbound()) WriteLimit(writer, "inbound", bandwidth.inbound());
  if (bandwidth.has_outbound()) WriteLimit(writer, "outbound", bandwidth.outbound());
  writer->End();
}

}  // namespace reeve::formats

#include <algorithm>

#include "formats/link_xml.h"
#include "formats/node_device_sections.h"
#include "formats/xml_messages.h"

namespace reeve::formats {
namespace {

using Net = v1::NetCapability;

// In the order in which they are written.
constexpr absl::string_view kFeatures[] = {"rx",     "tx",     "sg",     "tso",    "gso",  "gro",      "lro",
                                           "rxvlan", "txvlan", "ntuple", "rxhash", "rdma", "txudptnl", "switchdev"};
constexpr absl::string_view kSubtypes[] = {"80203", "80211"};

struct Word {
  XmlValue value;
};
constexpr XmlAttributeRule<Word> kName[] = {
    {"name", [](XmlReader*, const XmlValue& value, Word* word) { word->value = value; }},
};

void ReadFeature(XmlReader* reader, pugi::xml_node element, Net* net) {
  Word word;
  RequireAttributes(reader, element, {"name"});
  ReadXml<Word>(reader, element, {.attributes = kName}, &word);
  if (word.value.attribute && reader->OneOf(word.value, kFeatures)) net->add_features(std::string(word.value.text));
}

constexpr XmlAttributeRule<Net> kSubtype[] = {{"type", AttributeWord<&Net::mutable_subtype, kSubtypes>}};

constexpr XmlElementRule<Net> kElements[] = {
    {"interface", XmlCount::kOnce, ElementText<&Net::mutable_interface>},
    {"address", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Net* net) {
       const XmlValue value = PlainText(reader, element);
       if (!NormalMacAddress(value.text)) reader->Invalid(value, "is not a hardware address");
       net->set_mac_address(std::string(value.text));
     }},
    {"link", XmlCount::kOnce,
     [](XmlReader* reader, pugi::xml_node element, Net* net) { ReadLink(reader, element, net->mutable_link()); }},
    {"feature", XmlCount::kRepeated, ReadFeature},
    {"capability", XmlCount::kOnce, ElementAttributes<kSubtype, Net>},
};

}  // namespace

void ReadNet(XmlReader* reader, pugi::xml_node element, v1::NodeDeviceCapability* capability) {
  RequireElements(reader, element, {"interface"});
  ReadXml<Net>(reader, element, {.attributes = kTypeIsKnown<Net>, .elements = kElements}, capability->mutable_net());
}

void WriteNet(XmlWriter* writer, const v1::NodeDeviceCapability& capability) {
  const Net& net = capability.net();
  writer->Element("interface", net.interface());
  writer->OptionalElement("address", net.mac_address());
  WriteLink(writer, net.link());
  for (const absl::string_view feature : kFeatures) {
    if (std::find(net.features().begin(), net.features().end(), feature) != net.features().end()) {
      writer->Begin("feature").Attribute("name", feature).End();
    }
  }
  if (!net.subtype().empty()) writer->Begin("capability").Attribute("type", net.subtype()).End();
}

}  // namespace reeve::formats

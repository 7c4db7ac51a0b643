#include "formats/link_xml.h"

#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Link = v1::LinkState;

constexpr absl::string_view kStates[] = {"unknown", "notpresent", "down", "lowerlayerdown", "testing", "dormant", "up"};

constexpr XmlAttributeRule<Link> kAttributes[] = {
    {"speed", AttributeNumber<&Link::set_speed_megabits>},
    {"state", AttributeWord<&Link::mutable_state, kStates>},
};

}  // namespace

void ReadLink(XmlReader* reader, pugi::xml_node element, Link* link) {
  ReadXml<Link>(reader, element, {.attributes = kAttributes}, link);
}

void WriteLink(XmlWriter* writer, const Link& link) {
  if (link.speed_megabits() == 0 && link.state().empty()) return;
  writer->Begin("link");
  if (link.speed_megabits() != 0) writer->Attribute("speed", link.speed_megabits());
  writer->OptionalAttribute("state", link.state()).End();
}

}  // namespace reeve::formats

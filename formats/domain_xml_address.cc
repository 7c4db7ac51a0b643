#include "absl/strings/match.h"
#include "formats/domain_words.h"
#include "formats/domain_xml_sections.h"
#include "formats/xml_fields.h"

namespace reeve::formats {
namespace {

using Address = v1::InterfaceAddress;
using Route = v1::InterfaceRoute;

absl::string_view FamilyOf(absl::string_view address) {
  return absl::StrContains(address, ':') ? "ipv6" : "ipv4";
}

// The family follows from the address; a document that says another one is wrong.
struct AddressDraft {
  Address* address;
  XmlValue family;
};

constexpr XmlAttributeRule<AddressDraft> kAddressAttributes[] = {
    {"address", [](XmlReader*, const XmlValue& value,
                   AddressDraft* draft) { draft->address->set_address(std::string(value.text)); }},
    {"family",
     [](XmlReader* reader, const XmlValue& value, AddressDraft* draft) {
       if (reader->OneOf(value, kRouteFamilies)) draft->family = value;
     }},
    {"prefix", [](XmlReader* reader, const XmlValue& value,
                  AddressDraft* draft) { AttributeNumber<&Address::set_prefix>(reader, value, draft->address); }},
    {"peer",
     [](XmlReader*, const XmlValue& value, AddressDraft* draft) { draft->address->set_peer(std::string(value.text)); }},
};

constexpr XmlAttributeRule<Route> kRouteAttributes[] = {
    {"family", AttributeWord<&Route::mutable_family, kRouteFamilies>},
    {"address", AttributeText<&Route::mutable_destination>},
    {"netmask", AttributeText<&Route::mutable_netmask>},
    {"prefix", AttributeNumber<&Route::set_prefix>},
    {"gateway", AttributeText<&Route::mutable_gateway>},
    {"metric", AttributeNumber<&Route::set_metric>},
};

}  // namespace

void ReadAddress(XmlReader* reader, pugi::xml_node element, Address* address) {
  AddressDraft draft{address, {}};
  ReadXml<AddressDraft>(reader, element, {.attributes = kAddressAttributes}, &draft);
  if (!draft.family.text.empty() && draft.family.text != FamilyOf(address->address())) {
    reader->Invalid(draft.family, "is not the family of the address");
  }
}

void ReadRoute(XmlReader* reader, pugi::xml_node element, Route* route) {
  ReadXml<Route>(reader, element, {.attributes = kRouteAttributes}, route);
  if (route->family().empty()) route->set_family("ipv4");
}

void WriteAddress(XmlWriter* writer, const Address& address) {
  writer->Begin("ip").Attribute("address", address.address()).Attribute("family", FamilyOf(address.address()));
  if (address.has_prefix()) writer->Attribute("prefix", address.prefix());
  writer->OptionalAttribute("peer", address.peer()).End();
}

void WriteRoute(XmlWriter* writer, const Route& route) {
  writer->Begin("route")
      .OptionalAttribute("family", route.family())
      .Attribute("address", route.destination())
      .OptionalAttribute("netmask", route.netmask());
  if (route.has_prefix()) writer->Attribute("prefix", route.prefix());
  writer->OptionalAttribute("gateway", route.gateway());
  if (route.has_metric()) writer->Attribute("metric", route.metric());
  writer->End();
}

}  // namespace reeve::formats

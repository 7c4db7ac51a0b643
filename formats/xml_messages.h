// More entries for the tables of xml_reader.h: elements that are read into a message of their own, addresses, and the
// checks that an element has what it must have.
#pragma once

#include <initializer_list>
#include <string>

#include "absl/strings/str_cat.h"
#include "formats/ip_address.h"
#include "formats/mac_address.h"
#include "formats/uuid.h"
#include "formats/xml_fields.h"

namespace reeve::formats {

// A field (mutable_x) or one more of a list (add_x).
template <auto Mutable, const auto& Rules, typename T>
void ElementMessage(XmlReader* reader, pugi::xml_node element, T* out) {
  ReadXml(reader, element, Rules, (out->*Mutable)());
}

// The same, and then a check `void (XmlReader*, pugi::xml_node, const Message&)`.
template <auto Mutable, const auto& Rules, auto Check, typename T>
void ElementChecked(XmlReader* reader, pugi::xml_node element, T* out) {
  auto* message = (out->*Mutable)();
  ReadXml(reader, element, Rules, message);
  Check(reader, element, *message);
}

// A fault for each attribute that the element does not have.
inline void RequireAttributes(XmlReader* reader, pugi::xml_node element,
                              std::initializer_list<const char*> attributes) {
  for (const char* attribute : attributes) {
    if (!element.attribute(attribute)) reader->Invalid(element, absl::StrCat("has no attribute ", attribute));
  }
}

// A fault for each element that is not inside the element.
inline void RequireElements(XmlReader* reader, pugi::xml_node element, std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (!element.child(name)) reader->Invalid(element, absl::StrCat("has no element <", name, ">"));
  }
}

// An IPv4 or IPv6 address, in its shortest form.
template <auto Mutable, typename T>
void AttributeIp(XmlReader* reader, const XmlValue& value, T* out) {
  if (const auto address = ParseIpAddress(value.text)) {
    *(out->*Mutable)() = ToString(*address);
  } else {
    reader->Invalid(value, "is not an IP address");
  }
}

// A hardware address in lower case.
template <auto Mutable, typename T>
void AttributeMac(XmlReader* reader, const XmlValue& value, T* out) {
  if (auto address = NormalMacAddress(value.text)) {
    *(out->*Mutable)() = *std::move(address);
  } else {
    reader->Invalid(value, "is not a hardware address");
  }
}

// A UUID in lower case.
template <auto Mutable, typename T>
void AttributeUuid(XmlReader* reader, const XmlValue& value, T* out) {
  auto uuid = ParseUuid(value.text);
  if (uuid.ok()) {
    *(out->*Mutable)() = *std::move(uuid);
  } else {
    reader->Invalid(value, absl::StrCat("is wrong: ", uuid.status().message()));
  }
}

template <auto Mutable, typename T>
void ElementUuid(XmlReader* reader, pugi::xml_node element, T* out) {
  AttributeUuid<Mutable>(reader, PlainText(reader, element), out);
}

template <auto Mutable, typename T>
void ElementMac(XmlReader* reader, pugi::xml_node element, T* out) {
  AttributeMac<Mutable>(reader, PlainText(reader, element), out);
}

// What an object is at the moment, which a document from libvirt may say, and which is not for a document to decide.
template <typename T>
void AttributeState(XmlReader* reader, const XmlValue& value, T*) {
  reader->Ignored(value, "is state of the object and is ignored");
}

template <typename T>
void ElementState(XmlReader* reader, pugi::xml_node element, T*) {
  reader->Ignored(element, "is state of the object and is ignored");
}

// A boolean field, "yes" or "no" when it is set.
inline absl::string_view YesNo(bool value) {
  return value ? "yes" : "no";
}

// The last part of a resource name.
inline absl::string_view LastPart(absl::string_view name) {
  return name.substr(name.rfind('/') + 1);
}

// The name of an object: not empty, at most 128 bytes, without "/" and line ends. Else a fault.
inline void CheckObjectName(XmlReader* reader, const XmlValue& value) {
  if (value.text.empty()) {
    reader->Invalid(value, "is empty");
  } else if (value.text.size() > 128) {
    reader->Invalid(value, "is longer than 128 bytes");
  } else if (value.text.find_first_of("/\n\r") != absl::string_view::npos) {
    reader->Invalid(value, "has a slash or a line end");
  }
}

}  // namespace reeve::formats

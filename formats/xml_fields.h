// Entries for the tables of xml_reader.h: functions, made from a message's accessor, that read an attribute or an
// element into one field. `{"dir", AttributeText<&v1::Filesystem::mutable_source>}`.
#pragma once

#include <cstdint>
#include <limits>
#include <string>

#include "formats/xml_reader.h"

namespace reeve::formats {

// The number type that a setter `void (C::*)(Number)` takes.
template <typename Setter>
struct SetterTraits;
template <typename Class, typename Number>
struct SetterTraits<void (Class::*)(Number)> {
  using Type = Number;
};

template <auto Set, typename T>
void AttributeNumber(XmlReader* reader, const XmlValue& value, T* out) {
  using Number = typename SetterTraits<decltype(Set)>::Type;
  if constexpr (std::is_signed_v<Number>) {
    static_assert(sizeof(Number) == 8);
    if (const auto number = reader->Signed(value)) (out->*Set)(*number);
  } else {
    const auto number = reader->Unsigned(value, std::numeric_limits<Number>::max());
    if (number) (out->*Set)(static_cast<Number>(*number));
  }
}

template <auto Mutable, typename T>
void AttributeText(XmlReader*, const XmlValue& value, T* out) {
  *(out->*Mutable)() = std::string(value.text);
}

template <auto Set, typename T>
void AttributeYesNo(XmlReader* reader, const XmlValue& value, T* out) {
  if (const auto yes = reader->Either(value, "yes", "no")) (out->*Set)(*yes);
}

// A text that is one of some words.
template <auto Mutable, const auto& Words, typename T>
void AttributeWord(XmlReader* reader, const XmlValue& value, T* out) {
  if (reader->OneOf(value, Words)) *(out->*Mutable)() = std::string(value.text);
}

// State of a running guest that a document from libvirt may have.
template <typename T>
void AttributeIgnored(XmlReader* reader, const XmlValue& value, T*) {
  reader->Ignored(value, "is of the running guest and is ignored");
}

// An element that has text and nothing else, or a fault.
inline XmlValue PlainText(XmlReader* reader, pugi::xml_node element) {
  struct Target {
    XmlValue value;
  } target;
  ReadXml<Target>(reader, element, {.text = [](XmlReader*, const XmlValue& value, Target* out) { out->value = value; }},
                  &target);
  return target.value;
}

template <auto Mutable, typename T>
void ElementText(XmlReader* reader, pugi::xml_node element, T* out) {
  *(out->*Mutable)() = std::string(PlainText(reader, element).text);
}

template <auto Set, typename T>
void ElementNumber(XmlReader* reader, pugi::xml_node element, T* out) {
  AttributeNumber<Set>(reader, PlainText(reader, element), out);
}

template <auto Mutable, const auto& Words, typename T>
void ElementWord(XmlReader* reader, pugi::xml_node element, T* out) {
  AttributeWord<Mutable, Words>(reader, PlainText(reader, element), out);
}

// An element without attributes and content.
template <auto Set, typename T>
void ElementFlag(XmlReader* reader, pugi::xml_node element, T* out) {
  ReadXml<T>(reader, element, {}, out);
  (out->*Set)(true);
}

// An element that is allowed, with anything in it, and of no effect.
template <typename T>
void ElementIgnored(XmlReader* reader, pugi::xml_node element, T*) {
  reader->Ignored(element, "is of the running guest and is ignored");
}

}  // namespace reeve::formats

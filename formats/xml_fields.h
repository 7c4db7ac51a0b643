// Entries for the tables of xml_reader.h: functions, made from a message's accessor, that read an attribute or an
// element into one field. `{"dir", AttributeText<&v1::Filesystem::mutable_source>}`.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <type_traits>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
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

// An element that has attributes only.
template <const auto& Rules, typename T>
void ElementAttributes(XmlReader* reader, pugi::xml_node element, T* out) {
  ReadXml<T>(reader, element, {.attributes = Rules}, out);
}

// The same, of a message inside.
template <auto Mutable, const auto& Rules, typename T>
void ElementAttributesOf(XmlReader* reader, pugi::xml_node element, T* out) {
  using Inner = std::remove_pointer_t<decltype((out->*Mutable)())>;
  ReadXml<Inner>(reader, element, {.attributes = Rules}, (out->*Mutable)());
}

// An element with attributes and elements, read into a message inside, or into one that is added.
template <auto Mutable, const auto& Attributes, const auto& Elements, typename T>
void ElementOf(XmlReader* reader, pugi::xml_node element, T* out) {
  using Inner = std::remove_pointer_t<decltype((out->*Mutable)())>;
  ReadXml<Inner>(reader, element, {.attributes = Attributes, .elements = Elements}, (out->*Mutable)());
}

// A state of a switch, "on" or "off".
template <auto Set, typename T>
void AttributeOnOff(XmlReader* reader, const XmlValue& value, T* out) {
  if (const auto on = reader->Either(value, "on", "off")) (out->*Set)(*on);
}

// A number that may be hexadecimal with "0x".
template <auto Set, typename T>
void AttributeHexadecimal(XmlReader* reader, const XmlValue& value, T* out) {
  using Number = typename SetterTraits<decltype(Set)>::Type;
  uint64_t number = 0;
  if (!absl::StartsWith(value.text, "0x") && !absl::StartsWith(value.text, "0X")) {
    return AttributeNumber<Set>(reader, value, out);
  }
  if (!absl::SimpleHexAtoi(value.text, &number) || number > std::numeric_limits<Number>::max()) {
    return reader->Invalid(value, "is not a number in range");
  }
  (out->*Set)(static_cast<Number>(number));
}

// A switch whose element alone means on, and that may say it by the attribute state.
template <auto Set, typename T>
void ElementState(XmlReader* reader, pugi::xml_node element, T* out) {
  static constexpr XmlAttributeRule<T> kState[] = {{"state", AttributeOnOff<Set, T>}};
  (out->*Set)(true);
  ReadXml<T>(reader, element, {.attributes = kState}, out);
}

// An element that is allowed, with anything in it, and of no effect.
template <typename T>
void ElementIgnored(XmlReader* reader, pugi::xml_node element, T*) {
  reader->Ignored(element, "is of the running guest and is ignored");
}

// The user's name of a device; a name that libvirt gave at start is kept only where the running state is wanted.
template <auto Mutable, typename T>
void ElementAlias(XmlReader* reader, pugi::xml_node element, T* out) {
  static constexpr XmlAttributeRule<T> kName[] = {{"name", AttributeText<Mutable, T>}};
  if (!reader->keeps_running_state() && !absl::StartsWith(element.attribute("name").value(), "ua-")) {
    return ElementIgnored(reader, element, out);
  }
  ReadXml<T>(reader, element, {.attributes = kName}, out);
}

// <boot order='1'/>.
template <auto Set, typename T>
void ElementBootOrder(XmlReader* reader, pugi::xml_node element, T* out) {
  static constexpr XmlAttributeRule<T> kOrder[] = {{"order", AttributeNumber<Set, T>}};
  ReadXml<T>(reader, element, {.attributes = kOrder}, out);
}

}  // namespace reeve::formats

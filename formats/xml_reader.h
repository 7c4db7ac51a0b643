// Reads a tree of XML elements by tables: each element has a table of the attributes and elements it may have, and all
// that is in no table is refused by name. Only for the readers of this folder (it shows pugixml).
#pragma once

#include <cstddef>
#include <deque>
#include <limits>
#include <optional>
#include <pugixml.hpp>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "formats/warning.h"
#include "formats/xml_guard.h"
#include "reeve/v1/reasons.pb.h"

namespace reeve::formats {

// The value of an attribute, or the text of an element. Valid as long as the reader.
struct XmlValue {
  absl::string_view text;
  pugi::xml_node element;
  pugi::xml_attribute attribute;  // null for the text of the element
};

// One document and the faults found in it. Reading goes on after a fault, so that all are told at once. Not
// thread-safe.
class XmlReader {
 public:
  // Faults beyond this number are not kept, and reading ends; warnings beyond it are not kept.
  static constexpr size_t kMaxFaults = 20;

  // `text` must outlive the reader; `warnings` may be null. A lenient reader needs them: without, it is strict.
  XmlReader(absl::string_view text, std::vector<Warning>* warnings, Strictness strictness = Strictness::kStrict)
      : text_(text), lenient_(strictness == Strictness::kLenient && warnings != nullptr), warnings_(warnings) {}
  XmlReader(const XmlReader&) = delete;
  XmlReader& operator=(const XmlReader&) = delete;

  // Builds the tree and returns its root; null after a fault, which ToStatus gives.
  pugi::xml_node Load(const XmlLimits& limits);

  // A value that is not known (DOCUMENT_UNKNOWN).
  void UnknownValue(const XmlValue& value);
  // A value or element that is known, but wrong (SPEC_INVALID): `cause` is a clause with a verb, "is not a number".
  void Invalid(const XmlValue& value, absl::string_view cause);
  void Invalid(pugi::xml_node element, absl::string_view cause);
  // An element or attribute that is not known here (DOCUMENT_UNKNOWN); a lenient reader leaves it out with a warning.
  void UnknownElement(pugi::xml_node element);
  void UnknownAttribute(const XmlValue& value);
  // Something accepted without effect.
  void Ignored(const XmlValue& value, absl::string_view cause);
  void Ignored(pugi::xml_node element, absl::string_view cause);

  // The text of an element, whole.
  XmlValue TextOf(pugi::xml_node element);
  // A decimal number within bounds, or a fault.
  std::optional<uint64_t> Unsigned(const XmlValue& value, uint64_t max = std::numeric_limits<uint64_t>::max());
  std::optional<int64_t> Signed(const XmlValue& value);
  // The place of the value's text in `known`, or a fault.
  std::optional<size_t> OneOf(const XmlValue& value, absl::Span<const absl::string_view> known);
  // "yes" and "no", "on" and "off", or any such pair.
  std::optional<bool> Either(const XmlValue& value, absl::string_view yes, absl::string_view no);

  void Fail(v1::Reason reason, size_t offset, std::string description);
  // Whether what belongs to a running guest (aliases, terminals, names chosen at start) is read, not ignored.
  bool keeps_running_state() const { return keeps_running_state_; }
  void KeepRunningState() { keeps_running_state_ = true; }
  bool ok() const { return faults_.empty(); }
  bool full() const { return faults_.size() >= kMaxFaults; }
  // The verbatim text of the elements below the root's <metadata>, in the order of the document.
  absl::string_view MetadataText(size_t index) const;
  size_t OffsetOf(pugi::xml_node element) const;
  // OK, or the faults in the order of the document.
  absl::Status ToStatus() const;

 private:
  struct Fault {
    size_t offset;
    v1::Reason reason;
    std::string description;
  };

  size_t OffsetOf(const XmlValue& value) const;
  void Warn(size_t offset, std::string message);
  // `what`: "element /domain/foo".
  void Unknown(size_t offset, absl::string_view what);

  const absl::string_view text_;
  const bool lenient_;
  size_t unknown_ = 0;  // left out so far
  bool keeps_running_state_ = false;
  std::vector<Warning>* const warnings_;
  std::string buffer_;  // changed by pugixml, which reads in place: offsets in it are offsets in text_
  pugi::xml_document document_;
  std::vector<ByteRange> metadata_;
  std::deque<std::string> joined_;  // texts of several parts
  std::vector<Fault> faults_;
};

// "/domain/devices/disk".
std::string PathOf(pugi::xml_node element);
// Whether the characters are all white space.
bool IsBlankText(absl::string_view text);

// One attribute of an element that is read into a T.
template <typename T>
struct XmlAttributeRule {
  absl::string_view name;
  void (*read)(XmlReader*, const XmlValue&, T*);
};

enum class XmlCount { kOnce, kRepeated };

// One element inside it.
template <typename T>
struct XmlElementRule {
  absl::string_view name;
  XmlCount count;
  void (*read)(XmlReader*, pugi::xml_node, T*);
};

// All that an element may have. Attributes are read first, then elements, each in the order of the document, then the
// text.
template <typename T>
struct XmlRules {
  absl::Span<const XmlAttributeRule<T>> attributes = {};
  absl::Span<const XmlElementRule<T>> elements = {};
  void (*text)(XmlReader*, const XmlValue&, T*) = nullptr;  // without it, text is refused
};

template <typename T>
const T* FindXmlRule(absl::Span<const T> rules, absl::string_view name) {
  for (const T& rule : rules) {
    if (rule.name == name) return &rule;
  }
  return nullptr;
}

// Reads one element by its rules.
template <typename T>
void ReadXml(XmlReader* reader, pugi::xml_node element, const XmlRules<T>& rules, T* out) {
  for (const pugi::xml_attribute attribute : element.attributes()) {
    if (reader->full()) return;
    const XmlValue value{attribute.value(), element, attribute};
    const auto* rule = FindXmlRule(rules.attributes, attribute.name());
    rule == nullptr ? reader->UnknownAttribute(value) : rule->read(reader, value, out);
  }
  for (const pugi::xml_node child : element.children()) {
    if (reader->full()) return;
    if (child.type() != pugi::node_element) {
      if (rules.text == nullptr && !IsBlankText(child.value())) {
        reader->Fail(v1::REASON_DOCUMENT_MALFORMED, reader->OffsetOf(element),
                     absl::StrCat("element ", PathOf(element), " has text where none is allowed"));
      }
      continue;
    }
    const auto* rule = FindXmlRule(rules.elements, child.name());
    if (rule == nullptr) {
      reader->UnknownElement(child);
    } else if (rule->count == XmlCount::kOnce && child.previous_sibling(child.name())) {
      reader->Invalid(child, "is there twice");
    } else {
      rule->read(reader, child, out);
    }
  }
  if (rules.text != nullptr) rules.text(reader, reader->TextOf(element), out);
}

}  // namespace reeve::formats

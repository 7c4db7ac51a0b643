// Writes XML as libvirt does: two spaces a level, single quotes, <a/> for an element without content.
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace reeve::formats {

// One document. Elements are begun and ended in pairs; attributes follow the begin of their element. An element has
// text or elements, not both. Not thread-safe; names are kept as views and must outlive the writer.
class XmlWriter {
 public:
  XmlWriter& Begin(absl::string_view name);
  XmlWriter& Attribute(absl::string_view name, absl::string_view value);
  template <typename Number, typename = std::enable_if_t<std::is_integral_v<Number>>>
  XmlWriter& Attribute(absl::string_view name, Number value) {
    return RawAttribute(name, absl::StrCat(value));
  }
  // Only when the value is not empty.
  XmlWriter& OptionalAttribute(absl::string_view name, absl::string_view value);
  XmlWriter& Text(absl::string_view text);
  // Has the element an end tag of its own even when nothing follows.
  XmlWriter& Body();
  XmlWriter& End();

  // <name>text</name>.
  void Element(absl::string_view name, absl::string_view text) { Begin(name).Text(text).End(); }
  template <typename Number, typename = std::enable_if_t<std::is_integral_v<Number>>>
  void Element(absl::string_view name, Number value) {
    Begin(name).Text(absl::StrCat(value)).End();
  }
  // The same, only when the text is not empty.
  void OptionalElement(absl::string_view name, absl::string_view text);
  // <name/>.
  void Flag(absl::string_view name) { Begin(name).End(); }
  // XML text of a whole element, on a line of its own.
  void Verbatim(absl::string_view xml);

  // The text; every element must have ended.
  std::string Finish() &&;

 private:
  XmlWriter& RawAttribute(absl::string_view name, absl::string_view value);
  void Escape(absl::string_view text);
  // Ends the open start tag, if there is one, and begins a line.
  void BeginLine();

  std::string text_;
  std::vector<absl::string_view> open_;
  bool in_tag_ = false;    // "<name" is written, ">" is not
  bool has_text_ = false;  // the innermost element has text
};

}  // namespace reeve::formats

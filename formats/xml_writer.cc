#include "formats/xml_writer.h"

#include <utility>

namespace reeve::formats {

XmlWriter& XmlWriter::Begin(absl::string_view name) {
  BeginLine();
  absl::StrAppend(&text_, "<", name);
  open_.push_back(name);
  in_tag_ = true;
  has_text_ = false;
  return *this;
}

XmlWriter& XmlWriter::Attribute(absl::string_view name, absl::string_view value) {
  absl::StrAppend(&text_, " ", name, "='");
  Escape(value);
  text_.push_back('\'');
  return *this;
}

XmlWriter& XmlWriter::RawAttribute(absl::string_view name, absl::string_view value) {
  absl::StrAppend(&text_, " ", name, "='", value, "'");
  return *this;
}

XmlWriter& XmlWriter::OptionalAttribute(absl::string_view name, absl::string_view value) {
  return value.empty() ? *this : Attribute(name, value);
}

XmlWriter& XmlWriter::Text(absl::string_view text) {
  text_.push_back('>');
  in_tag_ = false;
  has_text_ = true;
  Escape(text);
  return *this;
}

XmlWriter& XmlWriter::Body() {
  text_.push_back('>');
  in_tag_ = false;
  return *this;
}

XmlWriter& XmlWriter::End() {
  const absl::string_view name = open_.back();
  open_.pop_back();
  if (in_tag_) {
    text_.append("/>");
    in_tag_ = false;
  } else {
    if (!has_text_) BeginLine();
    absl::StrAppend(&text_, "</", name, ">");
  }
  has_text_ = false;
  return *this;
}

void XmlWriter::OptionalElement(absl::string_view name, absl::string_view text) {
  if (!text.empty()) Element(name, text);
}

void XmlWriter::Verbatim(absl::string_view xml) {
  BeginLine();
  absl::StrAppend(&text_, xml);
}

std::string XmlWriter::Finish() && {
  text_.push_back('\n');
  return std::move(text_);
}

void XmlWriter::BeginLine() {
  if (in_tag_) text_.push_back('>');
  in_tag_ = false;
  if (!text_.empty()) text_.push_back('\n');
  text_.append(2 * open_.size(), ' ');
}

void XmlWriter::Escape(absl::string_view text) {
  for (const char character : text) {
    switch (character) {
      case '&':
        text_.append("&amp;");
        break;
      case '<':
        text_.append("&lt;");
        break;
      case '>':
        text_.append("&gt;");
        break;
      case '\'':
        text_.append("&apos;");
        break;
      case '"':
        text_.append("&quot;");
        break;
      case '\r':
        // A reader turns a bare one into a line end (XML 1.0, 2.11).
        text_.append("&#13;");
        break;
      default:
        text_.push_back(character);
    }
  }
}

}  // namespace reeve::formats

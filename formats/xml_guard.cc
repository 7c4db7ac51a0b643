#include "formats/xml_guard.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "formats/text.h"

namespace reeve::formats {
namespace {

constexpr size_t kLongestReference = 12;  // "&#x0010FFFF;"

bool IsBlank(char character) {
  return character == ' ' || character == '\t' || character == '\n' || character == '\r';
}

// Names as in XML 1.0, but of the characters beyond ASCII all are taken: what is not known is refused by name later.
bool StartsName(char character) {
  return absl::ascii_isalpha(character) || character == '_' || static_cast<unsigned char>(character) >= 0x80;
}

bool ContinuesName(char character) {
  return StartsName(character) || absl::ascii_isdigit(character) || character == '-' || character == '.' ||
         character == ':';
}

// The characters that a numeric reference may stand for (XML 1.0, production Char).
bool IsXmlCharacter(uint64_t code) {
  if (code < 0x20) return code == 0x9 || code == 0xA || code == 0xD;
  return code <= 0xD7FF || (code >= 0xE000 && code <= 0xFFFD) || (code >= 0x10000 && code <= 0x10FFFF);
}

bool IsKnownReference(absl::string_view name) {
  if (!absl::ConsumePrefix(&name, "#")) {
    return name == "amp" || name == "lt" || name == "gt" || name == "quot" || name == "apos";
  }
  uint32_t code = 0;
  if (absl::ConsumePrefix(&name, "x")) {
    return !name.empty() && std::all_of(name.begin(), name.end(), absl::ascii_isxdigit) &&
           absl::SimpleHexAtoi(name, &code) && IsXmlCharacter(code);
  }
  return !name.empty() && std::all_of(name.begin(), name.end(), absl::ascii_isdigit) && absl::SimpleAtoi(name, &code) &&
         IsXmlCharacter(code);
}

// One pass over one text. Methods return false after they have set the fault.
class Guard {
 public:
  Guard(absl::string_view text, XmlForm form, const XmlLimits& limits, std::vector<ByteRange>* metadata)
      : text_(text), form_(form), limits_(limits), metadata_(metadata) {}

  std::optional<XmlFault> Run() {
    if (!Scan() && fault_.description.empty()) Fail(position_, "is not well formed");
    if (fault_.description.empty()) return std::nullopt;
    return std::move(fault_);
  }

 private:
  struct Attribute {
    absl::string_view name;
    absl::string_view value;
    size_t offset;
  };
  // A namespace prefix ("" is the default namespace) and the depth of the element that declares it.
  struct Prefix {
    absl::string_view name;
    size_t depth;
    bool bound;
  };

  bool Fail(size_t offset, absl::string_view description) {
    if (fault_.description.empty()) fault_ = {offset, std::string(description)};
    return false;
  }
  bool AtEnd() const { return position_ >= text_.size(); }
  absl::string_view Rest() const { return text_.substr(position_); }
  bool Consume(absl::string_view expected) {
    if (!absl::StartsWith(Rest(), expected)) return false;
    position_ += expected.size();
    return true;
  }
  size_t SkipBlanks() {
    const size_t begin = position_;
    while (!AtEnd() && IsBlank(text_[position_])) ++position_;
    return position_ - begin;
  }

  bool Scan() {
    if (!CheckCharacters() || !ReadDeclaration()) return false;
    while (!AtEnd()) {
      if (!(text_[position_] == '<' ? ReadMarkup() : ReadText())) return false;
    }
    if (!open_.empty())
      return Fail(text_.size(), absl::StrCat("element <", Printable(open_.back()), "> is not closed"));
    if (!has_root_) return Fail(text_.size(), "there is no element");
    return true;
  }

  bool CheckCharacters() {
    if (text_.size() > limits_.max_bytes) {
      return Fail(0,
                  absl::StrCat("the text has ", text_.size(), " bytes, at most ", limits_.max_bytes, " are allowed"));
    }
    const auto bad = std::find_if(text_.begin(), text_.end(), [](char character) {
      return static_cast<unsigned char>(character) < 0x20 && !IsBlank(character);
    });
    if (bad != text_.end()) return Fail(bad - text_.begin(), "control characters are not allowed in XML");
    if (const auto offset = FindInvalidUtf8(text_)) return Fail(*offset, "the text is not UTF-8");
    return true;
  }

  bool ReadDeclaration() {
    if (form_ == XmlForm::kFragment || !absl::StartsWith(text_, "<?xml") || text_.size() < 6 || !IsBlank(text_[5])) {
      return true;
    }
    const size_t end = text_.find("?>");
    if (end == absl::string_view::npos) return Fail(0, "the XML declaration is not closed");
    position_ = 5;
    std::vector<Attribute> attributes;
    absl::string_view whole = std::exchange(text_, text_.substr(0, end));
    const bool read = ReadAttributes(&attributes);
    text_ = whole;
    if (!read) return false;
    if (position_ != end) return Fail(position_, "the XML declaration is not well formed");
    if (attributes.empty() || attributes[0].name != "version") return Fail(0, "the XML declaration has no version");
    for (const Attribute& attribute : attributes) {
      if (!CheckDeclared(attribute)) return false;
    }
    position_ = end + 2;
    return true;
  }

  bool CheckDeclared(const Attribute& attribute) {
    if (attribute.name == "version") {
      return attribute.value == "1.0" || Fail(attribute.offset, "only version 1.0 of XML is read");
    }
    if (attribute.name == "encoding") {
      return absl::EqualsIgnoreCase(attribute.value, "UTF-8") || absl::EqualsIgnoreCase(attribute.value, "US-ASCII") ||
             Fail(attribute.offset, absl::StrCat("encoding ", Printable(attribute.value), " is not read, only UTF-8"));
    }
    if (attribute.name == "standalone") {
      return attribute.value == "yes" || attribute.value == "no" ||
             Fail(attribute.offset, "standalone is neither yes nor no");
    }
    return Fail(attribute.offset, absl::StrCat("the XML declaration has no ", Printable(attribute.name)));
  }

  bool ReadMarkup() {
    const size_t begin = position_;
    if (Consume("<!--")) return ReadComment(begin);
    if (Consume("<![CDATA[")) return ReadCharacterData(begin);
    if (Consume("<!")) return Fail(begin, "document types and their declarations are refused");
    if (Consume("<?")) return Fail(begin, "processing instructions are refused");
    if (Consume("</")) return ReadEndTag(begin);
    ++position_;
    return ReadStartTag(begin);
  }

  bool ReadComment(size_t begin) {
    if (form_ == XmlForm::kFragment && open_.empty()) return Fail(begin, "there is a comment around the element");
    const size_t end = text_.find("--", position_);
    if (end == absl::string_view::npos) return Fail(begin, "the comment is not closed");
    position_ = end;
    return Consume("-->") || Fail(end, "a comment has no '--' inside");
  }

  bool ReadCharacterData(size_t begin) {
    if (open_.empty()) return Fail(begin, "there is text outside the root element");
    const size_t end = text_.find("]]>", position_);
    if (end == absl::string_view::npos) return Fail(begin, "the CDATA section is not closed");
    position_ = end + 3;
    return true;
  }

  bool ReadText() {
    const size_t begin = position_;
    const size_t end = std::min(text_.find('<', begin), text_.size());
    const absl::string_view run = text_.substr(begin, end - begin);
    if (open_.empty()) {
      const auto inked = std::find_if_not(run.begin(), run.end(), IsBlank);
      if (inked != run.end()) return Fail(begin + (inked - run.begin()), "there is text outside the root element");
      if (form_ == XmlForm::kFragment) return Fail(begin, "there is white space around the element");
    }
    if (const size_t bad = run.find("]]>"); bad != absl::string_view::npos) {
      return Fail(begin + bad, "text has no ']]>' inside");
    }
    position_ = end;
    return CheckReferences(begin, run);
  }

  bool CheckReferences(size_t begin, absl::string_view run) {
    for (size_t at = run.find('&'); at != absl::string_view::npos; at = run.find('&', at + 1)) {
      const size_t end = run.substr(at, kLongestReference).find(';');
      if (end == absl::string_view::npos) return Fail(begin + at, "'&' does not begin a reference that is known");
      const absl::string_view name = run.substr(at + 1, end - 1);
      if (!IsKnownReference(name)) {
        return Fail(begin + at, absl::StrCat("reference &", Printable(name), "; is not known"));
      }
    }
    return true;
  }

  bool ReadName(absl::string_view* name) {
    const size_t begin = position_;
    if (AtEnd() || !StartsName(text_[position_])) return Fail(begin, "a name is wanted here");
    while (!AtEnd() && ContinuesName(text_[position_])) ++position_;
    *name = text_.substr(begin, position_ - begin);
    if (name->size() > limits_.max_name_bytes) {
      return Fail(begin, absl::StrCat("the name has more than ", limits_.max_name_bytes, " bytes"));
    }
    const size_t colon = name->find(':');
    if (colon != absl::string_view::npos &&
        (colon + 1 == name->size() || name->find(':', colon + 1) != absl::string_view::npos)) {
      return Fail(begin, absl::StrCat("'", Printable(*name), "' is not a name"));
    }
    return true;
  }

  bool ReadEndTag(size_t begin) {
    absl::string_view name;
    if (!ReadName(&name)) return false;
    SkipBlanks();
    if (!Consume(">")) return Fail(begin, absl::StrCat("end tag </", Printable(name), "> is not closed"));
    if (open_.empty() || open_.back() != name) {
      return Fail(begin, open_.empty() ? absl::StrCat("nothing is open where </", Printable(name), "> stands")
                                       : absl::StrCat("</", Printable(name), "> stands where </",
                                                      Printable(open_.back()), "> is wanted"));
    }
    Close();
    return true;
  }

  void Close() {
    if (metadata_ != nullptr && open_.size() == 3 && open_[1] == "metadata") metadata_->back().end = position_;
    while (!prefixes_.empty() && prefixes_.back().depth == open_.size()) prefixes_.pop_back();
    open_.pop_back();
  }

  bool ReadStartTag(size_t begin) {
    absl::string_view name;
    if (!ReadName(&name)) return false;
    if (open_.empty() && has_root_) return Fail(begin, "there is a second root element");
    if (open_.size() >= static_cast<size_t>(limits_.max_depth)) {
      return Fail(begin, absl::StrCat("elements are nested deeper than ", limits_.max_depth));
    }
    attributes_.clear();
    if (!ReadAttributes(&attributes_)) return false;
    const bool empty = Consume("/");
    if (!Consume(">")) return Fail(begin, absl::StrCat("tag <", Printable(name), "> is not closed"));
    has_root_ = true;
    open_.push_back(name);
    if (metadata_ != nullptr && open_.size() == 3 && open_[1] == "metadata") metadata_->push_back({begin, position_});
    if (form_ == XmlForm::kFragment && !CheckPrefixes(begin, name)) return false;
    if (empty) Close();
    return true;
  }

  bool ReadAttributes(std::vector<Attribute>* attributes) {
    while (true) {
      const bool blank = SkipBlanks() > 0;
      if (AtEnd() || text_[position_] == '>' || text_[position_] == '/') return true;
      if (!blank) return Fail(position_, "white space is wanted here");
      Attribute attribute;
      attribute.offset = position_;
      if (!ReadName(&attribute.name) || !ReadValue(&attribute)) return false;
      for (const Attribute& other : *attributes) {
        if (other.name == attribute.name) {
          return Fail(attribute.offset, absl::StrCat("attribute ", Printable(attribute.name), " is there twice"));
        }
      }
      if (attributes->size() == limits_.max_attributes) {
        return Fail(attribute.offset, absl::StrCat("more than ", limits_.max_attributes, " attributes"));
      }
      attributes->push_back(attribute);
    }
  }

  bool ReadValue(Attribute* attribute) {
    const auto fail = [this, attribute](size_t offset, absl::string_view cause) {
      return Fail(offset, absl::StrCat("the value of attribute ", Printable(attribute->name), cause));
    };
    SkipBlanks();
    if (!Consume("=")) return fail(attribute->offset, " is missing");
    SkipBlanks();
    if (AtEnd() || (text_[position_] != '\'' && text_[position_] != '"')) {
      return fail(attribute->offset, " is not in quotes");
    }
    const char quote = text_[position_++];
    const size_t begin = position_;
    const size_t end = text_.find(quote, begin);
    if (end == absl::string_view::npos) return fail(attribute->offset, " is not closed");
    attribute->value = text_.substr(begin, end - begin);
    if (attribute->value.size() > limits_.max_attribute_bytes) {
      return fail(attribute->offset, absl::StrCat(" has more than ", limits_.max_attribute_bytes, " bytes"));
    }
    if (const size_t bad = attribute->value.find('<'); bad != absl::string_view::npos) {
      return fail(begin + bad, " has a '<'");
    }
    position_ = end + 1;
    return CheckReferences(begin, attribute->value);
  }

  // Declares what the element just opened declares, then wants every prefix it uses to be declared.
  bool CheckPrefixes(size_t begin, absl::string_view name) {
    for (const Attribute& attribute : attributes_) {
      absl::string_view prefix = attribute.name;
      if (prefix == "xmlns") {
        prefixes_.push_back({"", open_.size(), !attribute.value.empty()});
      } else if (absl::ConsumePrefix(&prefix, "xmlns:")) {
        prefixes_.push_back({prefix, open_.size(), !attribute.value.empty()});
      }
    }
    if (!IsBound(PrefixOf(name))) {
      return Fail(begin, absl::StrCat("element <", Printable(name), "> is in no namespace declared here"));
    }
    for (const Attribute& attribute : attributes_) {
      const absl::string_view prefix = PrefixOf(attribute.name);
      if (prefix.empty() || prefix == "xml" || prefix == "xmlns" || IsBound(prefix)) continue;
      return Fail(attribute.offset,
                  absl::StrCat("attribute ", Printable(attribute.name), " is in no namespace declared here"));
    }
    return true;
  }

  static absl::string_view PrefixOf(absl::string_view name) {
    const size_t colon = name.find(':');
    return colon == absl::string_view::npos ? absl::string_view() : name.substr(0, colon);
  }

  bool IsBound(absl::string_view prefix) const {
    for (auto declared = prefixes_.rbegin(); declared != prefixes_.rend(); ++declared) {
      if (declared->name == prefix) return declared->bound;
    }
    return false;
  }

  absl::string_view text_;
  const XmlForm form_;
  const XmlLimits& limits_;
  std::vector<ByteRange>* const metadata_;
  size_t position_ = 0;
  bool has_root_ = false;
  std::vector<absl::string_view> open_;
  std::vector<Attribute> attributes_;
  std::vector<Prefix> prefixes_;
  XmlFault fault_;
};

}  // namespace

std::optional<XmlFault> FindXmlFault(absl::string_view text, XmlForm form, const XmlLimits& limits,
                                     std::vector<ByteRange>* metadata) {
  return Guard(text, form, limits, metadata).Run();
}

}  // namespace reeve::formats

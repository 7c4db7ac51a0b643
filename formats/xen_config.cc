#include "formats/xen_config.h"

#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "formats/text.h"
#include "formats/text_place.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

// Reads one file from its start to its end.
class Parser {
 public:
  explicit Parser(absl::string_view text) : text_(text) {}

  absl::StatusOr<XenConfig> Parse() {
    XenConfig config;
    for (SkipBetween(); at_ < text_.size(); SkipBetween()) {
      XenConfigSetting setting;
      setting.offset = at_;
      if (!absl::ascii_isalpha(text_[at_]) && text_[at_] != '_') return Fault("expected the name of a setting");
      while (at_ < text_.size() && (absl::ascii_isalnum(text_[at_]) || text_[at_] == '_')) ++at_;
      setting.name = std::string(text_.substr(setting.offset, at_ - setting.offset));
      SkipBlanks();
      if (Peek() != '=') return Fault(absl::StrCat("expected '=' after ", Printable(setting.name)));
      ++at_;
      SkipBlanks();
      auto value = ParseValue(0);
      if (!value.ok()) return value.status();
      setting.value = *std::move(value);
      config.settings.push_back(std::move(setting));
      SkipBlanks();
      if (at_ < text_.size() && Peek() != '\n' && Peek() != '\r' && Peek() != ';' && Peek() != '#') {
        return Fault("expected the end of the line after the value");
      }
    }
    return config;
  }

 private:
  char Peek() const { return at_ < text_.size() ? text_[at_] : '\0'; }
  absl::Status Fault(absl::string_view cause) const { return XenConfigFault(text_, at_, cause); }

  void SkipBlanks() {
    while (Peek() == ' ' || Peek() == '\t') ++at_;
  }

  void SkipComment() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
  }

  // White space, comments and the separators of settings.
  void SkipBetween() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        SkipComment();
      } else if (absl::ascii_isspace(text_[at_]) || text_[at_] == ';') {
        ++at_;
      } else {
        return;
      }
    }
  }

  // White space and comments inside a list.
  void SkipInList() {
    while (at_ < text_.size()) {
      if (text_[at_] == '#') {
        SkipComment();
      } else if (absl::ascii_isspace(text_[at_])) {
        ++at_;
      } else {
        return;
      }
    }
  }

  absl::StatusOr<XenConfigValue> ParseValue(int depth) {
    if (++values_ > kMaxXenConfigValues) {
      return Fault(absl::StrCat("the file has more than ", kMaxXenConfigValues, " values"));
    }
    const char c = Peek();
    if (c == '[') return ParseList(depth);
    if (c == '"' || c == '\'') return ParseString();
    if (absl::ascii_isdigit(c) || c == '-' || c == '+') return ParseNumber();
    return Fault("expected a number, a quoted string or a list");
  }

  absl::StatusOr<XenConfigValue> ParseList(int depth) {
    if (depth >= kMaxXenConfigDepth) return Fault(absl::StrCat("lists are nested deeper than ", kMaxXenConfigDepth));
    XenConfigValue list = XenConfigValue::List({});
    list.offset = at_++;
    for (SkipInList(); Peek() != ']'; SkipInList()) {
      if (at_ >= text_.size()) return XenConfigFault(text_, list.offset, "the list has no end");
      auto item = ParseValue(depth + 1);
      if (!item.ok()) return item.status();
      list.items.push_back(*std::move(item));
      SkipInList();
      if (Peek() == ',') {
        ++at_;
      } else if (Peek() != ']') {
        if (at_ >= text_.size()) return XenConfigFault(text_, list.offset, "the list has no end");
        return Fault("expected ',' or ']' in the list");
      }
    }
    ++at_;
    return list;
  }

  absl::StatusOr<XenConfigValue> ParseString() {
    const size_t start = at_;
    const bool triple = absl::StartsWith(text_.substr(at_), "\"\"\"");
    const absl::string_view quote = triple ? absl::string_view("\"\"\"") : text_.substr(at_, 1);
    const size_t first = at_ + quote.size();
    const size_t end = text_.find(quote, first);
    const absl::string_view content = text_.substr(first, end == absl::string_view::npos ? end : end - first);
    if (end == absl::string_view::npos || (!triple && absl::StrContains(content, '\n'))) {
      return XenConfigFault(text_, start, "the string has no end");
    }
    XenConfigValue value = XenConfigValue::String(content);
    value.offset = start;
    at_ = end + quote.size();
    return value;
  }

  absl::StatusOr<XenConfigValue> ParseNumber() {
    const size_t start = at_++;
    while (absl::ascii_isdigit(Peek())) ++at_;
    XenConfigValue value = XenConfigValue::Number(0);
    value.offset = start;
    const absl::string_view digits = text_.substr(start, at_ - start);
    if (!absl::SimpleAtoi(digits, &value.number)) {
      return XenConfigFault(text_, start, absl::StrCat(Printable(digits), " is not a number of 64 bits"));
    }
    return value;
  }

  const absl::string_view text_;
  size_t at_ = 0;
  size_t values_ = 0;
};

void AppendValue(const XenConfigValue& value, std::string* out) {
  switch (value.kind) {
    case XenConfigValue::Kind::kNumber:
      absl::StrAppend(out, value.number);
      return;
    case XenConfigValue::Kind::kString: {
      absl::string_view quote = "\"\"\"";
      if (!absl::StrContains(value.text, '\n')) {
        if (!absl::StrContains(value.text, '"')) {
          quote = "\"";
        } else if (!absl::StrContains(value.text, '\'')) {
          quote = "'";
        }
      }
      absl::StrAppend(out, quote, value.text, quote);
      return;
    }
    case XenConfigValue::Kind::kList:
      absl::StrAppend(out, "[ ");
      for (size_t i = 0; i < value.items.size(); ++i) {
        if (i != 0) absl::StrAppend(out, ", ");
        AppendValue(value.items[i], out);
      }
      absl::StrAppend(out, " ]");
      return;
  }
}

}  // namespace

XenConfigValue XenConfigValue::Number(int64_t number) {
  XenConfigValue value;
  value.kind = Kind::kNumber;
  value.number = number;
  return value;
}

XenConfigValue XenConfigValue::String(absl::string_view text) {
  XenConfigValue value;
  value.text = std::string(text);
  return value;
}

XenConfigValue XenConfigValue::List(std::vector<XenConfigValue> items) {
  XenConfigValue value;
  value.kind = Kind::kList;
  value.items = std::move(items);
  return value;
}

const XenConfigValue* XenConfig::Find(absl::string_view name) const {
  for (auto setting = settings.rbegin(); setting != settings.rend(); ++setting) {
    if (setting->name == name) return &setting->value;
  }
  return nullptr;
}

void XenConfig::Add(absl::string_view name, XenConfigValue value) {
  settings.push_back({std::string(name), std::move(value), 0});
}

absl::Status XenConfigFault(absl::string_view text, size_t offset, absl::string_view cause) {
  const std::string place = ToString(PlaceOf(text, offset));
  absl::Status status = Error(v1::REASON_DOCUMENT_MALFORMED, absl::StrCat(place, ": ", cause), {{"place", place}});
  AddFieldViolation(&status, place, cause);
  return status;
}

absl::StatusOr<XenConfig> ParseXenConfig(absl::string_view text) {
  if (text.size() > kMaxXenConfigBytes) {
    return XenConfigFault(text, kMaxXenConfigBytes, absl::StrCat("the file has more than ", kMaxXenConfigBytes, " bytes"));
  }
  if (const auto offset = FindInvalidUtf8(text)) return XenConfigFault(text, *offset, "the text is not UTF-8");
  if (const auto offset = FindControlCharacter(text)) {
    return XenConfigFault(text, *offset, "the text has a control character");
  }
  return Parser(text).Parse();
}

std::string WriteXenConfig(const XenConfig& config) {
  std::string out;
  for (const XenConfigSetting& setting : config.settings) {
    absl::StrAppend(&out, setting.name, " = ");
    AppendValue(setting.value, &out);
    out.push_back('\n');
  }
  return out;
}

}  // namespace reeve::formats

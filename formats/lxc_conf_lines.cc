#include "formats/lxc_conf_lines.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "formats/lxc_conf.h"
#include "formats/scaled_size.h"
#include "formats/spec_faults.h"
#include "formats/text.h"
#include "formats/text_place.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr absl::string_view kBlanks = " \t";
// Far beyond lxc's names; keeps messages short.
constexpr size_t kMaxKeyBytes = 256;
constexpr size_t kMaxFaults = 20;

absl::Status PlaceError(v1::Reason reason, const TextPlace& place, absl::string_view message) {
  const std::string where = ToString(place);
  absl::Status status = Error(reason, absl::StrCat(where, ": ", message),
                              {{"line", absl::StrCat(place.line)}, {"column", absl::StrCat(place.column)}});
  AddFieldViolation(&status, where, message);
  return status;
}

bool IsKeyCharacter(char character) {
  return absl::ascii_isalnum(static_cast<unsigned char>(character)) || character == '_' || character == '.' ||
         character == '-';
}

absl::string_view StripBlanks(absl::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == absl::string_view::npos) return text.substr(0, 0);
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

absl::Status CheckText(absl::string_view text) {
  if (text.size() > kMaxLxcConfBytes) {
    return Error(v1::REASON_DOCUMENT_MALFORMED,
                 absl::StrCat("the configuration has ", text.size(), " bytes, ", kMaxLxcConfBytes, " are allowed"));
  }
  if (const auto bad = FindInvalidUtf8(text)) {
    return PlaceError(v1::REASON_DOCUMENT_MALFORMED, PlaceOf(text, *bad), "the text is not valid UTF-8");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<LxcConfLines> LxcConfLines::Create(absl::string_view text) {
  if (const absl::Status status = CheckText(text); !status.ok()) return status;
  LxcConfLines result;
  absl::Status faults;
  size_t count = 0;
  int number = 0;
  for (absl::string_view raw : absl::StrSplit(text, '\n')) {
    ++number;
    absl::ConsumeSuffix(&raw, "\r");
    const absl::string_view content = StripBlanks(raw);
    if (content.empty() || content[0] == '#') continue;
    const absl::Status status = result.Add(raw, content, number);
    if (status.ok()) continue;
    AddFaults(status, &faults);
    if (++count >= kMaxFaults || result.lines_.size() >= kMaxLxcConfLines) return faults;
  }
  if (!faults.ok()) return faults;
  return result;
}

absl::Status LxcConfLines::Add(absl::string_view raw, absl::string_view content, int number) {
  if (HasControlCharacterInLines(content)) {
    return PlaceError(v1::REASON_DOCUMENT_MALFORMED, {number, 1}, "the line has a control character");
  }
  const auto place = [&raw, number](absl::string_view part) {
    return TextPlace{number, PlaceOf(raw, static_cast<size_t>(part.data() - raw.data())).column};
  };
  const size_t equals = content.find('=');
  if (equals == absl::string_view::npos) {
    return PlaceError(v1::REASON_DOCUMENT_MALFORMED, place(content), "there is no '=' behind the key");
  }
  const absl::string_view key = StripBlanks(content.substr(0, equals));
  if (key.empty() || key.size() > kMaxKeyBytes || !std::all_of(key.begin(), key.end(), IsKeyCharacter)) {
    return PlaceError(v1::REASON_DOCUMENT_MALFORMED, place(content),
                      absl::StrCat("'", Printable(key), "' is not a key"));
  }
  if (!absl::StartsWith(key, "lxc.")) {
    return PlaceError(v1::REASON_DOCUMENT_UNKNOWN, place(content),
                      absl::StrCat("'", Printable(key), "' is not a key of lxc"));
  }
  if (lines_.size() >= kMaxLxcConfLines) {
    return PlaceError(v1::REASON_DOCUMENT_MALFORMED, place(content),
                      absl::StrCat("there are more than ", kMaxLxcConfLines, " keys"));
  }
  LxcConfLine line;
  line.line = number;
  line.key = key;
  line.value = StripBlanks(content.substr(equals + 1));
  line.column = place(line.value).column;
  lines_.push_back(line);
  return absl::OkStatus();
}

LxcConfLine* LxcConfLines::Take(std::initializer_list<absl::string_view> keys) {
  for (const absl::string_view key : keys) {
    for (LxcConfLine& line : lines_) {
      if (line.key != key) continue;
      line.used = true;
      return &line;
    }
  }
  return nullptr;
}

absl::Status LxcConfLines::CheckSpec(const v1::DomainSpec& spec) const {
  const std::vector<SpecFault> faults = FindSpecFaults(spec);
  if (faults.empty()) return absl::OkStatus();
  const auto where = [this](const std::string& field) -> std::string {
    size_t longest = 0;
    const LxcConfLine* found = nullptr;
    for (const auto& [prefix, line] : places_) {
      if (prefix.size() < longest || !absl::StartsWith(field, prefix)) continue;
      longest = prefix.size();
      found = line;
    }
    return found == nullptr ? "line 1 column 1" : ToString(TextPlace{found->line, found->column});
  };
  absl::Status status =
      Error(v1::REASON_SPEC_INVALID, absl::StrCat(where(faults[0].field), ": ", faults[0].field, " ", faults[0].cause));
  for (const SpecFault& fault : faults) {
    AddFieldViolation(&status, where(fault.field), absl::StrCat(fault.field, " ", fault.cause));
  }
  return status;
}

void LxcConfLines::Warn(const LxcConfLine& line, absl::string_view message) {
  warnings_.push_back({line.line, line.column, absl::StrCat(line.key, " ", message), true});
}

std::vector<Warning> LxcConfLines::Warnings() const {
  std::vector<Warning> all = warnings_;
  for (const LxcConfLine& line : lines_) {
    if (!line.used)
      all.push_back({line.line, line.column, absl::StrCat(line.key, " has no effect and is ignored"), true});
  }
  std::stable_sort(all.begin(), all.end(), [](const Warning& a, const Warning& b) { return a.line < b.line; });
  return all;
}

void AddFaults(const absl::Status& more, absl::Status* faults) {
  if (faults->ok()) {
    *faults = more;
    return;
  }
  for (const auto& [place, description] : FieldViolationsOf(more)) AddFieldViolation(faults, place, description);
}

absl::Status LxcConfError(const LxcConfLine& line, absl::string_view cause, v1::Reason reason) {
  return PlaceError(reason, {line.line, line.column}, absl::StrCat(line.key, " ", cause));
}

absl::StatusOr<int64_t> LxcConfNumber(const LxcConfLine& line, absl::string_view text, int64_t least, int64_t most) {
  int64_t number = 0;
  if (!absl::SimpleAtoi(text, &number) || text != StripBlanks(text)) {
    return LxcConfError(line, absl::StrCat("has '", Printable(text), "', not a whole number"));
  }
  if (number < least || number > most) {
    return LxcConfError(line, absl::StrCat("has ", number, ", ", least, " to ", most, " is allowed"));
  }
  return number;
}

absl::StatusOr<uint64_t> LxcConfSize(const LxcConfLine& line, absl::string_view text) {
  size_t digits = 0;
  while (digits < text.size() && absl::ascii_isdigit(static_cast<unsigned char>(text[digits]))) ++digits;
  const absl::string_view unit = text.substr(digits);
  if (unit == "%") return LxcConfError(line, absl::StrCat("has the relative size '", Printable(text), "'"));
  uint64_t number = 0;
  if (!absl::SimpleAtoi(text.substr(0, digits), &number)) {
    return LxcConfError(line, absl::StrCat("has '", Printable(text), "', not a size"));
  }
  const auto bytes = ScaledBytes(number, unit, "b");
  if (!bytes.ok()) return LxcConfError(line, absl::StrCat("has '", Printable(text), "', not a size"));
  return *bytes;
}

std::vector<absl::string_view> LxcConfWords(absl::string_view value) {
  return absl::StrSplit(value, absl::ByAnyChar(" \t"), absl::SkipEmpty());
}

}  // namespace reeve::formats

#include "formats/xen_config_reader.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "formats/spec_faults.h"
#include "formats/text.h"
#include "formats/text_place.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

// Finding a place means reading the text up to it, so there is an end to it.
constexpr size_t kMaxWarnings = 100;

// "spec.devices.disks[1]" of "spec.devices.disks[1].source"; empty when nothing is left.
std::string ParentOf(const std::string& field) {
  const size_t end = field.find_last_of(".[");
  return end == std::string::npos ? "" : field.substr(0, end);
}

}  // namespace

std::vector<XenOption> SplitXenOptions(const XenPiece& text) {
  std::vector<XenOption> options;
  size_t start = 0;
  while (start <= text.text.size()) {
    size_t end = std::min(text.text.find(',', start), text.text.size());
    while (start < end && absl::ascii_isblank(text.text[start])) ++start;
    const absl::string_view part = text.text.substr(start, end - start);
    const size_t sign = part.find('=');
    XenOption option;
    if (sign == absl::string_view::npos) {
      option.key = {part.substr(0, 0), text.offset + start};
      option.value = {part, text.offset + start};
    } else {
      option.key = {part.substr(0, sign), text.offset + start};
      option.value = {part.substr(sign + 1), text.offset + start + sign + 1};
    }
    options.push_back(option);
    start = end + 1;
  }
  return options;
}

absl::StatusOr<XenConfigReader> XenConfigReader::Create(absl::string_view text, XenDialect dialect) {
  auto config = ParseXenConfig(text);
  if (!config.ok()) return config.status();
  return XenConfigReader(text, dialect, *std::move(config));
}

XenConfigReader::XenConfigReader(absl::string_view text, XenDialect dialect, XenConfig config)
    : text_(text), dialect_(dialect), settings_(std::move(config.settings)), used_(settings_.size()) {
  for (size_t i = 0; i < settings_.size(); ++i) last_[settings_[i].name] = i;
}

const XenConfigValue* XenConfigReader::Take(absl::string_view name) {
  const auto found = last_.find(name);
  if (found == last_.end()) return nullptr;
  used_[found->second] = true;
  return &settings_[found->second].value;
}

XenPiece XenConfigReader::PieceOf(const XenConfigValue& value) const {
  const size_t quote = absl::StartsWith(text_.substr(value.offset), "\"\"\"") ? 3 : 1;
  return {text_.substr(value.offset + quote, value.text.size()), value.offset + quote};
}

std::optional<XenPiece> XenConfigReader::TakeText(absl::string_view name) {
  const XenConfigValue* value = Take(name);
  if (value == nullptr) return std::nullopt;
  if (value->kind == XenConfigValue::Kind::kString) return PieceOf(*value);
  Fail(value->offset, "is not a string");
  return std::nullopt;
}

std::optional<XenPiece> XenConfigReader::TakeFilledText(absl::string_view name) {
  const auto text = TakeText(name);
  return text && !text->text.empty() ? text : std::nullopt;
}

std::optional<int64_t> XenConfigReader::TakeNumber(absl::string_view name, int64_t least, int64_t most) {
  const XenConfigValue* value = Take(name);
  if (value == nullptr) return std::nullopt;
  if (value->kind == XenConfigValue::Kind::kString) return Number(PieceOf(*value), 10, least, most);
  if (value->kind != XenConfigValue::Kind::kNumber) {
    Fail(value->offset, "is not a number");
  } else if (value->number < least || value->number > most) {
    Fail(value->offset, absl::StrCat("is ", value->number, ", not between ", least, " and ", most));
  } else {
    return value->number;
  }
  return std::nullopt;
}

std::optional<bool> XenConfigReader::TakeFlag(absl::string_view name) {
  const XenConfigValue* value = Take(name);
  if (value == nullptr) return std::nullopt;
  if (value->kind == XenConfigValue::Kind::kNumber) return value->number != 0;
  if (value->kind == XenConfigValue::Kind::kString) return value->text == "1";
  Fail(value->offset, "is not a number");
  return std::nullopt;
}

std::vector<XenPiece> XenConfigReader::TakeList(absl::string_view name) {
  const XenConfigValue* value = Take(name);
  std::vector<XenPiece> pieces;
  if (value == nullptr) return pieces;
  if (value->kind != XenConfigValue::Kind::kList) {
    Fail(value->offset, "is not a list");
    return pieces;
  }
  for (const XenConfigValue& item : value->items) {
    if (item.kind == XenConfigValue::Kind::kString) {
      pieces.push_back(PieceOf(item));
    } else {
      Fail(item.offset, "has an item that is not a string");
    }
  }
  return pieces;
}

std::vector<XenPiece> XenConfigReader::TakeTextOrList(absl::string_view name) {
  const XenConfigValue* value = Take(name);
  if (value == nullptr || value->kind == XenConfigValue::Kind::kList) return TakeList(name);
  const auto text = TakeText(name);
  return text ? std::vector<XenPiece>{*text} : std::vector<XenPiece>{};
}

std::optional<int64_t> XenConfigReader::Number(const XenPiece& piece, int base, int64_t least, int64_t most) {
  int64_t number = 0;
  const bool sound = base == 16 ? absl::SimpleHexAtoi(piece.text, &number) : absl::SimpleAtoi(piece.text, &number);
  if (!sound) {
    Fail(piece.offset, absl::StrCat("has '", Printable(piece.text), "', which is not a number"));
  } else if (number < least || number > most) {
    Fail(piece.offset, absl::StrCat("has ", Printable(piece.text), ", not between ", least, " and ", most));
  } else {
    return number;
  }
  return std::nullopt;
}

size_t XenConfigReader::OffsetOf(absl::string_view name) const {
  const auto found = last_.find(name);
  return found == last_.end() ? 0 : settings_[found->second].offset;
}

absl::string_view XenConfigReader::SettingAt(size_t offset) const {
  absl::string_view name;
  const auto after = std::upper_bound(settings_.begin(), settings_.end(), offset,
                                      [](size_t place, const XenConfigSetting& other) { return place < other.offset; });
  if (after != settings_.begin()) name = std::prev(after)->name;
  return name;
}

void XenConfigReader::Fail(size_t offset, absl::string_view cause, v1::Reason reason) {
  if (faults_.size() < kMaxSpecFaults) faults_.push_back({offset, std::string(cause), reason});
}

void XenConfigReader::Warn(size_t offset, absl::string_view message) {
  if (warnings_.size() < kMaxWarnings) warnings_.emplace(offset, message);
}

void XenConfigReader::Check(const v1::DomainSpec& spec) {
  for (const SpecFault& fault : FindSpecFaults(spec)) {
    size_t offset = 0;
    for (std::string field = fault.field; !field.empty(); field = ParentOf(field)) {
      const auto place = places_.find(field);
      if (place == places_.end()) continue;
      offset = place->second;
      break;
    }
    Fail(offset, absl::StrCat(": ", fault.field, " ", fault.cause));
  }
}

absl::Status XenConfigReader::ToStatus() const {
  if (faults_.empty()) return absl::OkStatus();
  absl::Status status;
  for (const Fault& fault : faults_) {
    const std::string place = ToString(PlaceOf(text_, fault.offset));
    const absl::string_view name = SettingAt(fault.offset);
    const std::string subject = name.empty() ? "the configuration" : absl::StrCat("the setting ", Printable(name));
    const std::string cause = absl::StrCat(subject, absl::StartsWith(fault.cause, ":") ? "" : " ", fault.cause);
    if (status.ok()) status = Error(fault.reason, absl::StrCat(place, ": ", cause), {{"place", place}});
    AddFieldViolation(&status, place, cause);
  }
  return status;
}

std::vector<Warning> XenConfigReader::Warnings() {
  std::set<size_t> unknown;
  for (size_t i = 0; i < settings_.size(); ++i) {
    if (used_[i]) continue;
    Warn(settings_[i].offset, "has no effect here and is ignored");
    unknown.insert(settings_[i].offset);
  }
  std::vector<Warning> warnings;
  for (const auto& [offset, message] : warnings_) {
    const TextPlace place = PlaceOf(text_, offset);
    warnings.push_back({place.line, place.column,
                        absl::StrCat("setting ", Printable(SettingAt(offset)), " ", message),
                        unknown.count(offset) > 0});
  }
  return warnings;
}

}  // namespace reeve::formats

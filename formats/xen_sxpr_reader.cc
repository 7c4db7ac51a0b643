#include "formats/xen_sxpr_reader.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "formats/spec_faults.h"
#include "formats/text.h"
#include "formats/text_place.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr size_t kMaxFaults = 20;
constexpr size_t kMaxWarnings = 100;

std::string NameOf(const SExpression& expression) {
  if (!expression.is_list) return absl::StrCat("'", Printable(expression.atom), "'");
  return absl::StrCat("(", Printable(expression.head()), ")");
}

// Whether a list says nothing but its head: "(bootloader )", "(cpus (()))", "(kernel '')".
bool IsEmpty(const SExpression& expression, size_t from) {
  for (size_t i = from; i < expression.items.size(); ++i) {
    const SExpression& item = expression.items[i];
    if (item.is_list ? !IsEmpty(item, 0) : !item.atom.empty()) return false;
  }
  return true;
}

}  // namespace

std::vector<const SExpression*> XenSxprReader::TakeAll(const SExpression& parent, absl::string_view head) {
  std::vector<const SExpression*> found;
  for (const SExpression& item : parent.items) {
    if (!item.is_list || item.head() != head) continue;
    taken_.insert(&item);
    found.push_back(&item);
  }
  return found;
}

const SExpression* XenSxprReader::Take(const SExpression& parent, absl::string_view head) {
  const std::vector<const SExpression*> found = TakeAll(parent, head);
  for (size_t i = 1; i < found.size(); ++i) {
    if (WriteSExpression(*found[i]) != WriteSExpression(*found[0])) Fail(*found[i], "is there twice");
  }
  return found.empty() ? nullptr : found[0];
}

std::optional<absl::string_view> XenSxprReader::Text(const SExpression& parent, absl::string_view head) {
  const SExpression* list = Take(parent, head);
  if (list == nullptr || list->items.size() < 2) return std::nullopt;
  const SExpression& value = list->items[1];
  if (list->items.size() > 2 || value.is_list) {
    Fail(*list, "has not one value");
    return std::nullopt;
  }
  if (value.atom.empty()) return std::nullopt;
  return value.atom;
}

void XenSxprReader::Text(const SExpression& parent, absl::string_view head, std::string* text) {
  if (const auto found = Text(parent, head)) *text = std::string(*found);
}

std::optional<int64_t> XenSxprReader::Number(const SExpression& parent, absl::string_view head, int64_t least,
                                             int64_t most) {
  const auto text = Text(parent, head);
  if (!text) return std::nullopt;
  const SExpression& list = *Take(parent, head);
  int64_t number = 0;
  absl::string_view digits = *text;
  const bool valid = absl::ConsumePrefix(&digits, "0x") || absl::ConsumePrefix(&digits, "0X")
                         ? absl::SimpleHexAtoi(digits, &number) && !absl::StartsWith(digits, "-")
                         : absl::SimpleAtoi(digits, &number);
  if (!valid) {
    Fail(list, absl::StrCat("is '", Printable(*text), "', not a whole number"));
    return std::nullopt;
  }
  if (number < least || number > most) {
    Fail(list, absl::StrCat("is ", number, ", ", least, " to ", most, " is allowed"));
    return std::nullopt;
  }
  return number;
}

bool XenSxprReader::Flag(const SExpression& parent, absl::string_view head) {
  return Number(parent, head, 0, 1).value_or(0) != 0;
}

void XenSxprReader::Finish(const SExpression& parent, absl::Span<const absl::string_view> without_effect) {
  for (size_t i = 1; i < parent.items.size(); ++i) {
    const SExpression& item = parent.items[i];
    if (taken_.count(&item) != 0) continue;
    const bool known =
        item.is_list && std::find(without_effect.begin(), without_effect.end(), item.head()) != without_effect.end();
    if (!known) {
      Unknown(item, parent);
    } else if (!IsEmpty(item, 1)) {
      Warn(item, "has no effect and is ignored");
    }
  }
}

void XenSxprReader::Unknown(const SExpression& item, const SExpression& parent) {
  const std::string message = absl::StrCat(NameOf(item), " is not known inside ", NameOf(parent));
  const bool may_be_left_out = item.is_list && parent.head() != "device" && ++unknown_ <= kMaxUnknown;
  if (strictness_ == Strictness::kStrict || !may_be_left_out) {
    return FailAt(item.offset, message, v1::REASON_DOCUMENT_UNKNOWN);
  }
  warnings_.emplace(item.offset, Note{absl::StrCat(message, " and is ignored"), true});
}

void XenSxprReader::FailAt(size_t offset, absl::string_view cause, v1::Reason reason) {
  if (faults_.size() < kMaxFaults) faults_.push_back({offset, std::string(cause), reason});
}

void XenSxprReader::Fail(const SExpression& at, absl::string_view cause, v1::Reason reason) {
  FailAt(at.offset, absl::StrCat(NameOf(at), " ", cause), reason);
}

void XenSxprReader::Warn(const SExpression& at, absl::string_view cause) {
  WarnAt(at.offset, absl::StrCat(NameOf(at), " ", cause));
}

void XenSxprReader::WarnAt(size_t offset, absl::string_view message) {
  if (warnings_.size() < kMaxWarnings) warnings_.emplace(offset, Note{std::string(message), false});
}

void XenSxprReader::Check(const v1::DomainSpec& spec) {
  for (const SpecFault& fault : FindSpecFaults(spec)) {
    size_t longest = 0;
    size_t offset = 0;
    for (const auto& [field, list] : places_) {
      if (field.size() < longest || !absl::StartsWith(fault.field, field)) continue;
      longest = field.size();
      offset = list->offset;
    }
    FailAt(offset, absl::StrCat(fault.field, " ", fault.cause), v1::REASON_SPEC_INVALID);
  }
}

absl::Status XenSxprReader::ToStatus() const {
  if (faults_.empty()) return absl::OkStatus();
  std::vector<Fault> faults = faults_;
  std::stable_sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) { return a.offset < b.offset; });
  absl::Status status;
  for (const Fault& fault : faults) {
    const std::string place = ToString(PlaceOf(text_, fault.offset));
    if (status.ok()) status = Error(fault.reason, absl::StrCat(place, ": ", fault.cause), {{"place", place}});
    AddFieldViolation(&status, place, fault.cause);
  }
  return status;
}

std::vector<Warning> XenSxprReader::Warnings() const {
  std::vector<Warning> all;
  for (const auto& [offset, note] : warnings_) {
    const TextPlace place = PlaceOf(text_, offset);
    all.push_back({place.line, place.column, note.message, note.unknown});
  }
  return all;
}

}  // namespace reeve::formats

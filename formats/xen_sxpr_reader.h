// An S-expression of xend, and what becomes of its parts. For the readers of the sections.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/types/span.h"
#include "formats/s_expression.h"
#include "formats/warning.h"
#include "reeve/v1/domain_spec.pb.h"
#include "reeve/v1/reasons.pb.h"

namespace reeve::formats {

// Gives lists out by their heads and keeps the faults and warnings. What is there twice with different contents is a
// fault. Not thread-safe; text and expression must outlive it.
class XenSxprReader {
 public:
  XenSxprReader(absl::string_view text, Strictness strictness) : text_(text), strictness_(strictness) {}
  XenSxprReader(const XenSxprReader&) = delete;
  XenSxprReader& operator=(const XenSxprReader&) = delete;

  // The list below `parent` with that head; null without one. Marks it as read.
  const SExpression* Take(const SExpression& parent, absl::string_view head);
  // All of them.
  std::vector<const SExpression*> TakeAll(const SExpression& parent, absl::string_view head);
  // The atom behind the head, if it is not empty.
  std::optional<absl::string_view> Text(const SExpression& parent, absl::string_view head);
  void Text(const SExpression& parent, absl::string_view head, std::string* text);
  // The same as a number: decimal, or hexadecimal behind "0x".
  std::optional<int64_t> Number(const SExpression& parent, absl::string_view head, int64_t least, int64_t most);
  // Whether the number is there and not 0.
  bool Flag(const SExpression& parent, absl::string_view head);

  // A warning for each of the lists of `parent` with such a head. Other lists that were not given out are not known:
  // what becomes of them is as strict as the reader. Devices and atoms that are not known are a fault in any case.
  void Finish(const SExpression& parent, absl::Span<const absl::string_view> without_effect);

  // `cause` fits behind the head of `at` ("(vcpus) is 0"), or behind "the text".
  void Fail(const SExpression& at, absl::string_view cause, v1::Reason reason = v1::REASON_SPEC_INVALID);
  void Warn(const SExpression& at, absl::string_view cause);
  void WarnAt(size_t offset, absl::string_view message);

  // Says that the field and what is below it came of the list, for the faults of a specification.
  void Remember(absl::string_view field, const SExpression& list) { places_[std::string(field)] = &list; }
  // Adds the faults of the specification.
  void Check(const v1::DomainSpec& spec);

  // OK, or the first fault with all of them as violations.
  absl::Status ToStatus() const;
  // By place.
  std::vector<Warning> Warnings() const;

 private:
  struct Fault {
    size_t offset;
    std::string cause;
    v1::Reason reason;
  };

  struct Note {
    std::string message;
    bool unknown;
  };

  void FailAt(size_t offset, absl::string_view cause, v1::Reason reason);
  void Unknown(const SExpression& item, const SExpression& parent);

  const absl::string_view text_;
  const Strictness strictness_;
  size_t unknown_ = 0;
  std::set<const SExpression*> taken_;
  std::vector<Fault> faults_;
  std::multimap<size_t, Note> warnings_;
  std::map<std::string, const SExpression*> places_;
};

}  // namespace reeve::formats

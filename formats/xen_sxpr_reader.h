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
  explicit XenSxprReader(absl::string_view text) : text_(text) {}
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

  // A warning for each of the lists of `parent` with such a head, and a fault for each other list or atom that was not
  // given out.
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
  // By place, at most 100.
  std::vector<Warning> Warnings() const;

 private:
  struct Fault {
    size_t offset;
    std::string cause;
    v1::Reason reason;
  };

  void FailAt(size_t offset, absl::string_view cause, v1::Reason reason);

  const absl::string_view text_;
  std::set<const SExpression*> taken_;
  std::vector<Fault> faults_;
  std::multimap<size_t, std::string> warnings_;
  std::map<std::string, const SExpression*> places_;
};

}  // namespace reeve::formats

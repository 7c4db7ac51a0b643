// The lines of an lxc configuration, and what becomes of each. For the readers of the sections.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "formats/warning.h"
#include "reeve/v1/domain_spec.pb.h"
#include "reeve/v1/reasons.pb.h"

namespace reeve::formats {

// One "key = value"; key and value point into the text.
struct LxcConfLine {
  int line = 0;
  int column = 0;  // of the value
  absl::string_view key;
  absl::string_view value;
  bool used = false;  // what was not used at the end is warned of
};

// The lines of a text and the fields that came of them. Not thread-safe; the text must outlive it.
class LxcConfLines {
 public:
  // DOCUMENT_MALFORMED for what is not a configuration, DOCUMENT_UNKNOWN for keys of others; up to 20 faults.
  static absl::StatusOr<LxcConfLines> Create(absl::string_view text);

  std::vector<LxcConfLine>& lines() { return lines_; }

  // The first line with one of the keys, the first key before the second, marked as used; null without one.
  LxcConfLine* Take(std::initializer_list<absl::string_view> keys);

  // Says that the field (and what is below it) came of the line, for the places of faults.
  void Remember(absl::string_view field, const LxcConfLine& line) { places_[std::string(field)] = &line; }

  // OK, or the faults of a specification with the places of the lines they came of.
  absl::Status CheckSpec(const v1::DomainSpec& spec) const;

  // A warning for each line that was not used, and those of Warn, by line.
  std::vector<Warning> Warnings() const;
  void Warn(const LxcConfLine& line, absl::string_view message);

 private:
  // One line that is neither empty nor a comment: `content` is in `raw`.
  absl::Status Add(absl::string_view raw, absl::string_view content, int number);

  std::vector<LxcConfLine> lines_;
  std::vector<Warning> warnings_;
  std::map<std::string, const LxcConfLine*> places_;
};

// Adds the faults of an error to those that there are.
void AddFaults(const absl::Status& more, absl::Status* faults);

// "line 3 column 7: lxc.tty.max CAUSE", with a field violation.
absl::Status LxcConfError(const LxcConfLine& line, absl::string_view cause,
                          v1::Reason reason = v1::REASON_SPEC_INVALID);

// A whole number, decimal, all of the value, within bounds.
absl::StatusOr<int64_t> LxcConfNumber(const LxcConfLine& line, absl::string_view text, int64_t least, int64_t most);

// A size with an optional unit of any case (k, m, g, ...), bytes. A share of the memory ("50%") is refused.
absl::StatusOr<uint64_t> LxcConfSize(const LxcConfLine& line, absl::string_view text);

// The parts between blanks.
std::vector<absl::string_view> LxcConfWords(absl::string_view value);

}  // namespace reeve::formats

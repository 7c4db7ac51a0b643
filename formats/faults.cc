#include "formats/faults.h"

#include <algorithm>
#include <tuple>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

// Reads "line 3 column 7", as the readers of the formats write a place.
bool ReadPlace(absl::string_view text, Fault* fault) {
  const std::vector<absl::string_view> words = absl::StrSplit(text, ' ');
  int line = 0;
  int column = 0;
  if (words.size() != 4 || words[0] != "line" || words[2] != "column") return false;
  if (!absl::SimpleAtoi(words[1], &line) || !absl::SimpleAtoi(words[3], &column)) return false;
  if (line < 1 || column < 1) return false;
  fault->line = line;
  fault->column = column;
  return true;
}

}  // namespace

std::vector<Fault> FaultsOf(const absl::Status& status) {
  std::vector<Fault> faults;
  for (const auto& [field, description] : FieldViolationsOf(status)) {
    Fault& fault = faults.emplace_back();
    fault.text = ReadPlace(field, &fault) || field.empty() ? description : absl::StrCat(field, ": ", description);
  }
  if (!faults.empty() || status.ok()) return faults;
  Fault& fault = faults.emplace_back();
  const absl::string_view message = status.message();
  const size_t colon = message.find(": ");
  const bool placed = colon != absl::string_view::npos && ReadPlace(message.substr(0, colon), &fault);
  fault.text = std::string(placed ? message.substr(colon + 2) : message);
  return faults;
}

std::vector<Fault> FaultsOf(const std::vector<Warning>& warnings) {
  std::vector<Fault> faults;
  for (const Warning& warning : warnings) faults.push_back({warning.line, warning.column, warning.message});
  std::stable_sort(faults.begin(), faults.end(), [](const Fault& a, const Fault& b) {
    return std::tie(a.line, a.column) < std::tie(b.line, b.column);
  });
  return faults;
}

Findings Validate(Format format, Kind kind, absl::string_view text, ConvertOptions options) {
  Findings findings;
  std::vector<Warning> warnings;
  options.warnings = &warnings;
  const auto message = ReadDocument(format, kind, text, options);
  findings.faults = FaultsOf(message.status());
  const bool of_model = format == Format::kJson || format == Format::kTextproto;
  if (!of_model) {
    // What a strict reading has refused is told once.
    const bool refused = !message.ok();
    std::erase_if(warnings, [refused](const Warning& warning) { return refused && warning.unknown; });
    findings.warnings = FaultsOf(warnings);
    return findings;
  }
  if (!message.ok()) return findings;
  // A model has passed no reader: it is checked in full when it is written as XML and read again. The places are those
  // of the XML that was tried, which the user has never seen.
  const auto written = WriteDocument(Format::kXml, kind, **message);
  findings.faults = FaultsOf(written.status());
  if (written.ok()) findings.faults = FaultsOf(ReadDocument(Format::kXml, kind, *written).status());
  for (Fault& fault : findings.faults) fault.line = fault.column = 0;
  return findings;
}

}  // namespace reeve::formats

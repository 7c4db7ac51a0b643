#include "cli/faults.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "cli/json.h"
#include "cli/text.h"
#include "proto/status.h"

namespace reeve::cli {
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

std::string FaultLine(absl::string_view file, const Fault& fault) {
  const std::string place = fault.line == 0 ? "" : absl::StrCat(":", fault.line, ":", fault.column);
  // One line each: protobuf's parser of JSON tells its faults over several.
  return Escape(absl::StrCat(file, place, ": ", absl::StrReplaceAll(fault.text, {{"\n", " "}})));
}

std::string FaultToJson(const Fault& fault) {
  const std::string place =
      fault.line == 0 ? "" : absl::StrCat("\"line\":", fault.line, ",\"column\":", fault.column, ",");
  return absl::StrCat("{", place, "\"text\":", JsonText(fault.text), "}");
}

std::string FaultsToJson(const std::vector<Fault>& faults) {
  const auto append = [](std::string* out, const Fault& fault) { out->append(FaultToJson(fault)); };
  return absl::StrCat("[", absl::StrJoin(faults, ",", append), "]");
}

}  // namespace reeve::cli

#include "cli/faults.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "cli/json.h"
#include "cli/text.h"

namespace reeve::cli {

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

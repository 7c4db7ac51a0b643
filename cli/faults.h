// The faults of a document, each with its place. Pure functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"

namespace reeve::cli {

// Line and column count from 1; 0: the fault has no place in the text.
struct Fault {
  int line = 0;
  int column = 0;
  std::string text;
};

// All faults that an error tells of: its field violations, or its message where it has none.
std::vector<Fault> FaultsOf(const absl::Status& status);

// "web1.xml:3:7: text", or "web1.xml: text" without a place; escaped.
std::string FaultLine(absl::string_view file, const Fault& fault);

// {"line":3,"column":7,"text":"..."}; line and column only where there is a place.
std::string FaultToJson(const Fault& fault);

// [{...},{...}].
std::string FaultsToJson(const std::vector<Fault>& faults);

}  // namespace reeve::cli

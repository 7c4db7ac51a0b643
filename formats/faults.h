// The faults of a document, each with its place. Pure functions, thread-safe.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "formats/registry.h"
#include "formats/warning.h"

namespace reeve::formats {

// Line and column count from 1; 0: the fault has no place in the text.
struct Fault {
  int line = 0;
  int column = 0;
  std::string text;
};

// All faults that an error tells of: its field violations, or its message where it has none.
std::vector<Fault> FaultsOf(const absl::Status& status);
// Warnings in the order of the document.
std::vector<Fault> FaultsOf(const std::vector<Warning>& warnings);

// What is wrong with a document, and what has no effect in it.
struct Findings {
  std::vector<Fault> faults;
  std::vector<Fault> warnings;
};

// Reads the document and checks it in full. `options.warnings` is not used.
Findings Validate(Format format, Kind kind, absl::string_view text, ConvertOptions options = {});

}  // namespace reeve::formats

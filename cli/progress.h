// How far a long job is.
#pragma once

#include <cstdint>
#include <string>

#include "absl/strings/string_view.h"
#include "cli/output.h"

namespace reeve::cli {

// One line of a progress bar of `columns` columns: "save: memory   [#####     ]  50 %".
std::string ProgressLine(absl::string_view what, uint32_t percent, size_t columns);

// Shows progress on the error output: a bar that is drawn over and over on a terminal, elsewhere a line for every
// change of phase and every ten percent. Not thread-safe.
class ProgressDisplay {
 public:
  // `columns` 0: not a terminal.
  ProgressDisplay(Output* output, size_t columns) : output_(output), columns_(columns) {}
  ~ProgressDisplay() { Clear(); }
  void Show(absl::string_view phase, uint32_t percent);
  // Takes the bar off the terminal.
  void Clear();

 private:
  Output* const output_;
  const size_t columns_;
  std::string shown_;
};

}  // namespace reeve::cli

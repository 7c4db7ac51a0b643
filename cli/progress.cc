#include "cli/progress.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "cli/text.h"

namespace reeve::cli {

std::string ProgressLine(absl::string_view what, uint32_t percent, size_t columns) {
  percent = std::min(percent, 100u);
  const std::string label = Escape(what);
  const std::string end = absl::StrFormat("] %3d %%", percent);
  const size_t taken = DisplayWidth(label) + 2 + end.size();
  constexpr size_t kLongest = 40;
  if (taken + 4 > columns) return absl::StrFormat("%3d %%", percent);
  const size_t width = std::min(kLongest, columns - taken);
  const size_t filled = width * percent / 100;
  return absl::StrCat(label, " [", std::string(filled, '#'), std::string(width - filled, ' '), end);
}

void ProgressDisplay::Show(absl::string_view phase, uint32_t percent) {
  // Off a terminal only every tenth percent is news.
  const std::string line = columns_ > 0 ? ProgressLine(phase, percent, columns_ - 1)
                                        : absl::StrCat(Escape(phase), " ", percent / 10 * 10, " %");
  if (line == shown_) return;
  output_->PrintRaw(columns_ > 0 ? absl::StrCat("\r", line, "\x1b[K") : line + "\n");
  shown_ = line;
}

void ProgressDisplay::Clear() {
  if (columns_ > 0 && !shown_.empty()) output_->PrintRaw("\r\x1b[K");
  shown_.clear();
}

}  // namespace reeve::cli

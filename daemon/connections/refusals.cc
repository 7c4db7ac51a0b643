#include "daemon/connections/refusals.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "util/log.h"

namespace reeve::connections {

Refusals::Refusals(const util::Clock* clock, Writer write, int lines_per_second)
    : clock_(clock),
      write_(write ? std::move(write) : [](absl::string_view line) { util::LogWarn(line); }),
      lines_per_second_(lines_per_second) {}

void Refusals::Add(absl::string_view why) {
  const uint64_t total = total_.fetch_add(1, std::memory_order_relaxed) + 1;
  const absl::Duration now = clock_->Monotonic();
  if (written_ == 0 || now >= second_end_) {
    second_end_ = now + absl::Seconds(1);
    lines_ = 0;
  }
  if (lines_ >= lines_per_second_) return;
  ++lines_;
  const uint64_t since = total - written_;
  written_ = total;
  if (since == 1) {
    write_(absl::StrCat("refused a client: ", why));
  } else {
    write_(absl::StrCat("refused ", since, " clients, the last one: ", why));
  }
}

}  // namespace reeve::connections

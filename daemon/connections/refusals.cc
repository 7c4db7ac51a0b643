#include "daemon/connections/refusals.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "util/log.h"

namespace reeve::connections {

Refusals::Refusals(const util::Clock* clock, Writer write)
    : clock_(clock), write_(write ? std::move(write) : [](absl::string_view line) { util::LogWarn(line); }) {}

void Refusals::Add(absl::string_view why) {
  const uint64_t total = total_.fetch_add(1, std::memory_order_relaxed) + 1;
  const absl::Duration now = clock_->Monotonic();
  if (written_ > 0 && now < next_line_) return;
  next_line_ = now + absl::Seconds(1);
  const uint64_t since = total - written_;
  written_ = total;
  if (since == 1) {
    write_(absl::StrCat("refused a client: ", why));
  } else {
    write_(absl::StrCat("refused ", since, " clients, the last one: ", why));
  }
}

}  // namespace reeve::connections

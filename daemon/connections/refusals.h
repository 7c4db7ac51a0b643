// Clients turned away, as the log shall see them.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "util/clock.h"

namespace reeve::connections {

// Counts refusals and writes at most so many lines a second; one that comes later says how many there were since the
// line before: a flood of clients must not become a flood of the log. Not thread-safe but for total().
class Refusals {
 public:
  using Writer = std::function<void(absl::string_view line)>;
  // `write` takes a line; null: the log, as a warning.
  explicit Refusals(const util::Clock* clock, Writer write = nullptr, int lines_per_second = 1);

  void Add(absl::string_view why);
  uint64_t total() const { return total_.load(std::memory_order_relaxed); }

 private:
  const util::Clock* const clock_;
  const Writer write_;
  const int lines_per_second_;
  std::atomic<uint64_t> total_{0};
  uint64_t written_ = 0;  // of total_
  int lines_ = 0;         // in the second that ends at second_end_
  absl::Duration second_end_ = absl::ZeroDuration();
};

}  // namespace reeve::connections

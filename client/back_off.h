// How long to wait before the next attempt to connect.
#pragma once

#include <functional>

#include "absl/time/time.h"

namespace reeve::client {

// Pauses that double from attempt to attempt up to a bound, each taken at random from the upper half of its length: the
// clients of a daemon that has restarted shall not come back all at once. Not thread-safe.
class BackOff {
 public:
  struct Limits {
    absl::Duration first = absl::Milliseconds(100);
    absl::Duration longest = absl::Seconds(5);
  };
  // `random` gives numbers of [0, 1).
  BackOff(const Limits& limits, std::function<double()> random)
      : limits_(limits), random_(std::move(random)), next_(limits.first) {}
  // With a generator of its own.
  explicit BackOff(const Limits& limits);

  // The pause before the next attempt.
  absl::Duration Next();
  // After an attempt that has led to something.
  void Reset() { next_ = limits_.first; }

 private:
  const Limits limits_;
  const std::function<double()> random_;
  absl::Duration next_;
};

}  // namespace reeve::client

// A clock that stands still until a test moves it.
#pragma once

#include <mutex>

#include "absl/time/time.h"
#include "util/clock.h"

namespace reeve::util {

// Thread-safe.
class FakeClock final : public Clock {
 public:
  explicit FakeClock(absl::Time now = absl::FromUnixSeconds(1'700'000'000)) : now_(now) {}

  absl::Time Now() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return now_;
  }
  absl::Duration Monotonic() const override {
    const std::lock_guard<std::mutex> lock(mutex_);
    return monotonic_;
  }
  // Both clocks go on.
  void Advance(absl::Duration by) {
    const std::lock_guard<std::mutex> lock(mutex_);
    now_ += by;
    monotonic_ += by;
  }
  // The administrator sets the wall clock.
  void SetWallClock(absl::Time now) {
    const std::lock_guard<std::mutex> lock(mutex_);
    now_ = now;
  }

 private:
  mutable std::mutex mutex_;
  absl::Time now_;
  absl::Duration monotonic_ = absl::Seconds(1000);
};

}  // namespace reeve::util

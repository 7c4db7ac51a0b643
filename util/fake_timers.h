// Timers that stand still until a test moves them.
#pragma once

#include <algorithm>
#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <utility>

#include "absl/time/time.h"
#include "util/fake_clock.h"
#include "util/timers.h"

namespace reeve::util {

// Goes with a FakeClock, which it moves. Thread-safe; callbacks are called by the thread that calls Advance.
class FakeTimers final : public Timers {
 public:
  explicit FakeTimers(FakeClock* clock) : clock_(clock) {}

  Id After(absl::Duration delay, std::function<void()> callback) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const Id timer = ++last_timer_;
    timers_.emplace(std::make_pair(clock_->Monotonic() + delay, timer), std::move(callback));
    changed_.notify_all();
    return timer;
  }

  bool Cancel(Id timer) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto found = std::find_if(timers_.begin(), timers_.end(),
                                    [timer](const auto& entry) { return entry.first.second == timer; });
    if (found == timers_.end()) return false;
    timers_.erase(found);
    return true;
  }

  // Moves the time on and calls what has become due, in order, each at its time.
  void Advance(absl::Duration by) {
    std::unique_lock<std::mutex> lock(mutex_);
    const absl::Duration until = clock_->Monotonic() + by;
    while (!timers_.empty() && timers_.begin()->first.first <= until) {
      const auto first = timers_.begin();
      const absl::Duration step = first->first.first - clock_->Monotonic();
      if (step > absl::ZeroDuration()) clock_->Advance(step);
      const std::function<void()> callback = std::move(first->second);
      timers_.erase(first);
      lock.unlock();
      callback();
      lock.lock();
    }
    if (clock_->Monotonic() < until) clock_->Advance(until - clock_->Monotonic());
  }

  // Waits until at least so many timers are set, by whatever thread.
  void AwaitCount(size_t count) {
    std::unique_lock<std::mutex> lock(mutex_);
    changed_.wait(lock, [&] { return timers_.size() >= count; });
  }

  // Timers that are set.
  size_t count() const {
    const std::lock_guard<std::mutex> lock(mutex_);
    return timers_.size();
  }

 private:
  FakeClock* const clock_;
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::pair<absl::Duration, Id>, std::function<void()>> timers_;
  Id last_timer_ = 0;
};

}  // namespace reeve::util

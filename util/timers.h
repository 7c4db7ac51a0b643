// Timers behind an interface, so that tests need not sleep.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/time/time.h"

namespace reeve::util {

// Thread-safe. It must outlive all who use it; timers still set when it is destroyed are dropped.
class Timers {
 public:
  using Id = uint64_t;

  virtual ~Timers() = default;
  // Calls `callback` once, not before `delay` has passed (monotonic time), on a thread of the timers; it must be cheap
  // and must not block. Never returns 0.
  virtual Id After(absl::Duration delay, std::function<void()> callback) = 0;
  // Drops a timer; if its callback is being called by another thread, waits for it. False if it has been called already
  // or is not known.
  virtual bool Cancel(Id timer) = 0;
};

// The real ones; they run one thread, from the first timer on.
std::unique_ptr<Timers> MakeTimers();

}  // namespace reeve::util

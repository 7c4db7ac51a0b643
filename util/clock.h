// What time it is, so that tests can say so.
#pragma once

#include "absl/time/time.h"

namespace reeve::util {

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time; may jump.
  virtual absl::Time Now() const = 0;
  // Time since an arbitrary start; never goes back (CLOCK_MONOTONIC).
  virtual absl::Duration Monotonic() const = 0;

  // The real one; lives as long as the process.
  static const Clock& Real();
};

}  // namespace reeve::util

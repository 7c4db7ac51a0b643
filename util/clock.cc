#include "util/clock.h"

#include <ctime>

#include "absl/time/clock.h"

namespace reeve::util {
namespace {

class RealClock final : public Clock {
 public:
  absl::Time Now() const override { return absl::Now(); }
  absl::Duration Monotonic() const override {
    timespec now{};
    // Cannot fail with a valid clock and address (clock_gettime(2)).
    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return absl::DurationFromTimespec(now);
  }
};

}  // namespace

const Clock& Clock::Real() {
  static const RealClock* clock = new RealClock;
  return *clock;
}

}  // namespace reeve::util

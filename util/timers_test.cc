#include "util/timers.h"

#include <catch2/catch.hpp>
#include <future>
#include <vector>

#include "util/fake_timers.h"

namespace reeve::util {

TEST_CASE("real timers fire in the order in which they are due, off the caller's thread") {
  auto timers = MakeTimers();
  std::promise<std::vector<int>> promise;
  std::vector<int> order;
  timers->After(absl::Milliseconds(20), [&] {
    order.push_back(2);
    promise.set_value(order);
  });
  timers->After(absl::Milliseconds(1), [&] { order.push_back(1); });
  CHECK(promise.get_future().get() == std::vector<int>{1, 2});
}

TEST_CASE("a cancelled timer is never called; cancelling twice or an unknown one says so") {
  auto timers = MakeTimers();
  bool called = false;
  const Timers::Id timer = timers->After(absl::Hours(1), [&] { called = true; });
  CHECK(timers->Cancel(timer));
  CHECK_FALSE(timers->Cancel(timer));
  CHECK_FALSE(timers->Cancel(4711));
  timers.reset();
  CHECK_FALSE(called);
}

TEST_CASE("a timer may set and cancel timers") {
  auto timers = MakeTimers();
  std::promise<void> second;
  timers->After(absl::ZeroDuration(), [&] {
    const Timers::Id dropped = timers->After(absl::Hours(1), [] {});
    timers->Cancel(dropped);
    timers->After(absl::ZeroDuration(), [&] { second.set_value(); });
  });
  second.get_future().get();
}

TEST_CASE("fake timers fire when the clock is moved past them, each at its time") {
  FakeClock clock;
  FakeTimers timers(&clock);
  const absl::Time start = clock.Now();
  std::vector<absl::Duration> at;
  timers.After(absl::Seconds(2), [&] {
    at.push_back(clock.Now() - start);
    timers.After(absl::Seconds(1), [&] { at.push_back(clock.Now() - start); });
  });
  timers.Advance(absl::Seconds(1));
  CHECK(at.empty());
  timers.Advance(absl::Seconds(9));
  CHECK(at == std::vector<absl::Duration>{absl::Seconds(2), absl::Seconds(3)});
  CHECK(clock.Now() - start == absl::Seconds(10));
  CHECK(timers.count() == 0);
}

}  // namespace reeve::util

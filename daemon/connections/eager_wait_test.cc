#include "daemon/connections/eager_wait.h"

#include <sys/timerfd.h>

#include <catch2/catch.hpp>

#include "util/fd.h"

namespace reeve::connections {
namespace {

// A timer on an epoll instance.
struct Fixture {
  Fixture() {
    REQUIRE(epoll);
    REQUIRE(timer);
    epoll_event event = {};
    event.events = EPOLLIN;
    REQUIRE(epoll_ctl(epoll.get(), EPOLL_CTL_ADD, timer.get(), &event) == 0);
  }
  void FireIn(absl::Duration time) const {
    itimerspec when = {};
    when.it_value = absl::ToTimespec(time);
    REQUIRE(timerfd_settime(timer.get(), 0, &when, nullptr) == 0);
  }
  int Wait() {
    epoll_event event;
    return wait.Wait(epoll.get(), &event, 1);
  }

  const util::UniqueFd epoll{epoll_create1(EPOLL_CLOEXEC)};
  const util::UniqueFd timer{timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
  EagerWait wait;
};

TEST_CASE_METHOD(Fixture, "what comes at once keeps it eager") {
  FireIn(absl::Nanoseconds(1));
  for (int i = 0; i < 100; ++i) {
    CHECK(Wait() == 1);
    CHECK(wait.eager());
  }
}

TEST_CASE_METHOD(Fixture, "what comes late makes it eager less and less often, what comes at once anew") {
  // Two are forgiven. Then twice as many waits sleep at once behind each that was in vain, up to 63.
  for (const int expected : {0, 0, 1, 3, 7, 15, 31, 63, 63}) {
    FireIn(4 * kEagerness);
    CHECK(Wait() == 1);
    int sleeping = 0;
    for (; !wait.eager(); ++sleeping) CHECK(Wait() == 1);
    CHECK(sleeping == expected);
  }
  CHECK(Wait() == 1);
  FireIn(4 * kEagerness);
  CHECK(Wait() == 1);
  CHECK(wait.eager());
}

}  // namespace
}  // namespace reeve::connections

#include "daemon/connections/eager_wait.h"

#include <sys/timerfd.h>

#include <catch2/catch.hpp>

#include "util/fd.h"

namespace reeve::connections {
namespace {

TEST_CASE("looking in vain is forgiven twice, and then done less and less often") {
  Eagerness eagerness;
  for (const int expected : {0, 0, 1, 3, 7, 15, 31, 63, 63}) {
    REQUIRE(eagerness.Next());
    eagerness.InVain();
    int sleeping = 0;
    for (; !eagerness.Next(); ++sleeping) {
    }
    CHECK(sleeping == expected);
  }
  eagerness.Repaid();
  for (const int expected : {0, 0, 1}) {
    eagerness.InVain();
    int sleeping = 0;
    for (; !eagerness.Next(); ++sleeping) {
    }
    CHECK(sleeping == expected);
  }
}

TEST_CASE("what is there, comes soon or comes late is told") {
  const util::UniqueFd epoll{epoll_create1(EPOLL_CLOEXEC)};
  const util::UniqueFd timer{timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK)};
  REQUIRE(epoll);
  REQUIRE(timer);
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = 7;
  REQUIRE(epoll_ctl(epoll.get(), EPOLL_CTL_ADD, timer.get(), &event) == 0);
  EagerWait wait;
  // Ten late ones: some of them by a wait that sleeps at once.
  for (int i = 0; i < 12; ++i) {
    itimerspec when = {};
    when.it_value = absl::ToTimespec(i == 0 ? absl::Nanoseconds(1) : i == 1 ? kEagerTime / 2 : 10 * kEagerTime);
    REQUIRE(timerfd_settime(timer.get(), 0, &when, nullptr) == 0);
    epoll_event told = {};
    CHECK(wait.Wait(epoll.get(), &told, 1) == 1);
    CHECK(told.data.u64 == 7);
  }
}

}  // namespace
}  // namespace reeve::connections

#include "daemon/migration/retries.h"

#include <catch2/catch.hpp>

#include "util/fake_timers.h"

namespace reeve::migration {
namespace {

TEST_CASE("What is tried again is tried later and later, each key by itself, and not behind the end") {
  util::FakeClock clock;
  util::FakeTimers timers(&clock);
  Retries retries(&timers, absl::Seconds(1), absl::Seconds(3));
  int called = 0;
  const auto later = [&](const char* key) { retries.Later(key, [&called] { ++called; }); };
  const auto after = [&](int seconds) {
    called = 0;
    timers.Advance(absl::Seconds(seconds));
    return called;
  };
  later("a");
  CHECK(after(1) == 1);
  later("a");
  later("b");
  CHECK(after(1) == 1);
  CHECK(after(1) == 1);
  later("a");
  CHECK(after(2) == 0);
  CHECK(after(1) == 1);
  retries.Forget("a");
  later("a");
  CHECK(after(1) == 1);
  later("a");
  retries.Stop();
  later("a");
  CHECK(after(100) == 0);
}

}  // namespace
}  // namespace reeve::migration

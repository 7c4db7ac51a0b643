#include "daemon/services/failure_delays.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_cat.h"
#include "util/fake_clock.h"

namespace reeve::services {
namespace {

TEST_CASE("the delay grows with every failure of a source, up to the last, and is forgotten") {
  util::FakeClock clock;
  FailureDelays delays(&clock);
  const auto add = [&](const char* source) { return delays.Add(source, absl::Seconds(1), absl::Seconds(5)); };
  CHECK(add("a") == absl::Seconds(1));
  CHECK(add("a") == absl::Seconds(2));
  CHECK(add("b") == absl::Seconds(1));
  CHECK(add("a") == absl::Seconds(4));
  CHECK(add("a") == absl::Seconds(5));
  CHECK(add("a") == absl::Seconds(5));
  delays.Forget("a");
  CHECK(add("a") == absl::Seconds(1));
  CHECK(add("b") == absl::Seconds(2));
  clock.Advance(absl::Minutes(11));
  CHECK(add("b") == absl::Seconds(1));
}

TEST_CASE("many sources push out the one that has been quiet longest, and only that") {
  util::FakeClock clock;
  FailureDelays delays(&clock);
  const auto add = [&](const std::string& source) { return delays.Add(source, absl::Seconds(1), absl::Seconds(5)); };
  for (int i = 0; i < 10'000; ++i) {
    add(absl::StrCat("source ", i));
    clock.Advance(absl::Milliseconds(1));
  }
  add("one more");
  CHECK(add("source 1") == absl::Seconds(2));
  CHECK(add("source 0") == absl::Seconds(1));
}

}  // namespace
}  // namespace reeve::services

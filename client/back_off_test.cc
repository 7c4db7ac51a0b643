#include "client/back_off.h"

#include <catch2/catch.hpp>

namespace reeve::client {
namespace {

TEST_CASE("pauses double up to the bound, and begin anew") {
  BackOff back_off({.first = absl::Milliseconds(100), .longest = absl::Milliseconds(700)}, [] { return 0.5; });
  CHECK(back_off.Next() == absl::Milliseconds(75));
  CHECK(back_off.Next() == absl::Milliseconds(150));
  CHECK(back_off.Next() == absl::Milliseconds(300));
  CHECK(back_off.Next() == absl::Milliseconds(525));
  CHECK(back_off.Next() == absl::Milliseconds(525));
  back_off.Reset();
  CHECK(back_off.Next() == absl::Milliseconds(75));
}

TEST_CASE("a pause is of the upper half of its length, and seldom the same") {
  BackOff back_off({.first = absl::Seconds(1), .longest = absl::Seconds(1)});
  const absl::Duration first = back_off.Next();
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const absl::Duration pause = back_off.Next();
    CHECK(pause >= absl::Milliseconds(500));
    CHECK(pause < absl::Seconds(1));
    differs |= pause != first;
  }
  CHECK(differs);
}

}  // namespace
}  // namespace reeve::client

#include "daemon/signals.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <csignal>

namespace reeve {
namespace {

TEST_CASE("signals are read, not suffered") {
  auto signals = Signals::Block();
  REQUIRE(signals.ok());
  CHECK(*signals->Wait(absl::ZeroDuration()) == std::nullopt);
  REQUIRE(kill(getpid(), SIGHUP) == 0);
  REQUIRE(kill(getpid(), SIGTERM) == 0);
  std::vector<int> seen;
  for (int i = 0; i < 2; ++i) seen.push_back(signals->Wait(absl::Seconds(10))->value());
  CHECK(std::count(seen.begin(), seen.end(), SIGHUP) == 1);
  CHECK(std::count(seen.begin(), seen.end(), SIGTERM) == 1);
  CHECK(*signals->Wait(absl::Milliseconds(1)) == std::nullopt);
  // Would end the test if it were not blocked.
  REQUIRE(kill(getpid(), SIGPIPE) == 0);
}

}  // namespace
}  // namespace reeve

#include "daemon/connections/refusals.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "util/fake_clock.h"

namespace reeve::connections {
namespace {

TEST_CASE("a flood of clients gives a line a second, which counts them") {
  util::FakeClock clock;
  std::vector<std::string> lines;
  Refusals refusals(&clock, [&lines](absl::string_view line) { lines.emplace_back(line); });
  for (int i = 0; i < 1000; ++i) refusals.Add("full");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0] == "refused a client: full");
  clock.Advance(absl::Seconds(1));
  refusals.Add("still full");
  REQUIRE(lines.size() == 2);
  CHECK(lines[1] == "refused 1000 clients, the last one: still full");
  CHECK(refusals.total() == 1001);
}

TEST_CASE("where each line matters, some are written a second") {
  util::FakeClock clock;
  std::vector<std::string> lines;
  Refusals refusals(
      &clock, [&lines](absl::string_view line) { lines.emplace_back(line); }, 3);
  for (int i = 0; i < 5; ++i) refusals.Add("expired");
  CHECK(lines.size() == 3);
  clock.Advance(absl::Seconds(1));
  refusals.Add("revoked");
  REQUIRE(lines.size() == 4);
  CHECK(lines[3] == "refused 3 clients, the last one: revoked");
}

}  // namespace
}  // namespace reeve::connections

#include "util/uuid.h"

#include <catch2/catch.hpp>
#include <set>

namespace reeve::util {
namespace {

TEST_CASE("new UUIDs are of version 4 and do not repeat") {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const auto uuid = NewUuid();
    REQUIRE(uuid.ok());
    REQUIRE(uuid->size() == 36);
    REQUIRE(uuid->find_first_not_of("0123456789abcdef-") == std::string::npos);
    REQUIRE((*uuid)[8] == '-');
    REQUIRE((*uuid)[23] == '-');
    REQUIRE((*uuid)[14] == '4');
    REQUIRE(std::string("89ab").find((*uuid)[19]) != std::string::npos);
    REQUIRE(seen.insert(*uuid).second);
  }
}

}  // namespace
}  // namespace reeve::util

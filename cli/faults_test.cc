#include "cli/faults.h"

#include <catch2/catch.hpp>

namespace reeve::cli {
namespace {

TEST_CASE("a fault is a line, with its place where it has one") {
  const std::vector<Fault> faults = {{3, 7, "element /a/b is not known"}, {0, 0, "spec.memory: is 0"}};
  CHECK(FaultLine("web1.xml", faults[0]) == "web1.xml:3:7: element /a/b is not known");
  CHECK(FaultLine("web1.xml", faults[1]) == "web1.xml: spec.memory: is 0");
  CHECK(FaultsToJson(faults) ==
        R"([{"line":3,"column":7,"text":"element /a/b is not known"},{"text":"spec.memory: is 0"}])");
}

TEST_CASE("a hostile file name does not move the cursor") {
  CHECK(FaultLine("a\x1b[2J", {1, 2, "b\nc\r"}) == "a\\x1b[2J:1:2: b c\\x0d");
}

}  // namespace
}  // namespace reeve::cli

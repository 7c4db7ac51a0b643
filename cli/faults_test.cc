#include "cli/faults.h"

#include <catch2/catch.hpp>

#include "proto/status.h"

namespace reeve::cli {
namespace {

TEST_CASE("every violation is a fault, with its place where it has one") {
  absl::Status status = Error(v1::REASON_DOCUMENT_UNKNOWN, "line 3 column 7: element /a/b is not known");
  AddFieldViolation(&status, "line 3 column 7", "element /a/b is not known");
  AddFieldViolation(&status, "spec.memory", "is 0");
  const std::vector<Fault> faults = FaultsOf(status);
  REQUIRE(faults.size() == 2);
  CHECK(FaultLine("web1.xml", faults[0]) == "web1.xml:3:7: element /a/b is not known");
  CHECK(FaultLine("web1.xml", faults[1]) == "web1.xml: spec.memory: is 0");
  CHECK(FaultsToJson(faults) ==
        R"([{"line":3,"column":7,"text":"element /a/b is not known"},{"text":"spec.memory: is 0"}])");
}

TEST_CASE("without violations the message is the fault") {
  const auto placed = FaultsOf(Error(v1::REASON_DOCUMENT_MALFORMED, "line 2 column 11: expected a quote: none"));
  REQUIRE(placed.size() == 1);
  CHECK(placed[0].line == 2);
  CHECK(placed[0].column == 11);
  CHECK(placed[0].text == "expected a quote: none");
  for (const char* text : {"line 2: no column", "line x column 3: x", "line 0 column 3: zero", "column 2 line 3: x",
                           "line 99999999999 column 1: far", "plain", ""}) {
    const auto faults = FaultsOf(absl::InvalidArgumentError(text));
    REQUIRE(faults.size() == 1);
    CHECK(faults[0].line == 0);
    CHECK(faults[0].text == text);
  }
  CHECK(FaultsOf(absl::OkStatus()).empty());
}

TEST_CASE("a hostile file name does not move the cursor") {
  CHECK(FaultLine("a\x1b[2J", {1, 2, "b\nc\r"}) == "a\\x1b[2J:1:2: b c\\x0d");
}

}  // namespace
}  // namespace reeve::cli

#include "cli/line_editor.h"

#include <catch2/catch.hpp>

namespace reeve::cli {
namespace {

TEST_CASE("what candidates have in common") {
  CHECK(CommonPrefix({"domid", "dominfo", "domname"}) == "dom");
  CHECK(CommonPrefix({"dominfo"}) == "dominfo");
  CHECK(CommonPrefix({"a", "b"}).empty());
  CHECK(CommonPrefix({"dom", "domid"}) == "dom");
  CHECK(CommonPrefix({}).empty());
  // é and è share their first byte, not a character.
  CHECK(CommonPrefix({"x\xc3\xa9", "x\xc3\xa8"}) == "x");
}

TEST_CASE("the place of the history") {
  CHECK(HistoryPath("/state", "/home/a") == "/state/reeve/history");
  CHECK(HistoryPath(nullptr, "/home/a") == "/home/a/.local/state/reeve/history");
  CHECK(HistoryPath("", "/home/a") == "/home/a/.local/state/reeve/history");
  CHECK(HistoryPath("relative", "/home/a") == "/home/a/.local/state/reeve/history");
  CHECK(HistoryPath(nullptr, nullptr).empty());
  CHECK(HistoryPath(nullptr, "").empty());
}

}  // namespace
}  // namespace reeve::cli

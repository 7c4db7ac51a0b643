#include "formats/json_places.h"

#include <catch2/catch.hpp>

#include "absl/strings/match.h"
#include "formats/text_place.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

std::string PlaceOfKey(absl::string_view text, absl::string_view path) {
  const auto offset = FindJsonKey(text, path);
  return offset ? ToString(PlaceOf(text, *offset)) : "none";
}

TEST_CASE("what is no JSON is refused at its place") {
  struct {
    const char* text;
    const char* place;
  } const kCases[] = {
      {"", "line 1 column 1"},           {"{", "line 1 column 2"},        {"{\"a\":\n 1,, }", "line 2 column 4"},
      {"{\"a\": 1} x", "line 1 column 10"}, {"[1, tru]", "line 1 column 8"}, {"{\"a\": \"\x01\"}", "line 1 column 8"},
  };
  for (const auto& each : kCases) {
    const absl::Status status = CheckJson(each.text);
    INFO(each.text << ": " << status.message());
    CHECK(ReasonOf(status) == v1::REASON_DOCUMENT_MALFORMED);
    CHECK(absl::StartsWith(status.message(), absl::string_view(each.place)));
  }
  CHECK(CheckJson("{\"a\": [1, {\"b\": null}]}").ok());
}

TEST_CASE("a hundred thousand levels cost no stack") {
  CHECK(CheckJson(std::string(100000, '[') + std::string(100000, ']')).ok());
  CHECK_FALSE(CheckJson(std::string(100000, '[')).ok());
}

TEST_CASE("keys are found by their paths") {
  constexpr char kText[] =
      "{\"a\": {\"b\": 1},\n"
      " \"list\": [{\"b\": 2},\n"
      "          {\"c\": [[], [{\"d\": 3}]]}],\n"
      " \"b\": 4, \"b\": 5}";
  CHECK(PlaceOfKey(kText, "a") == "line 1 column 2");
  CHECK(PlaceOfKey(kText, "a.b") == "line 1 column 8");
  CHECK(PlaceOfKey(kText, "list") == "line 2 column 2");
  CHECK(PlaceOfKey(kText, "list[0].b") == "line 2 column 12");
  CHECK(PlaceOfKey(kText, "list[1].c") == "line 3 column 12");
  CHECK(PlaceOfKey(kText, "list[1].c[1][0].d") == "line 3 column 24");
  CHECK(PlaceOfKey(kText, "b") == "line 4 column 10");
  CHECK(PlaceOfKey("{\n \"memoryKib\": 1}", "memory_kib") == "line 2 column 2");
  CHECK(PlaceOfKey(kText, "list[2].c") == "none");
  CHECK(PlaceOfKey("{", "a") == "none");
}

}  // namespace
}  // namespace reeve::formats

#include "formats/uuid.h"

#include <catch2/catch.hpp>

#include "proto/status.h"

namespace reeve::formats {
namespace {

constexpr char kUuid[] = "e21987a5-e98e-9c99-0e35-803e4d9ad1fe";

TEST_CASE("UUIDs of any spelling are normalized") {
  for (const char* text : {kUuid, "E21987A5-E98E-9C99-0E35-803E4D9AD1FE", "e21987a5e98e9c990e35803e4d9ad1fe",
                           "e2-1987a5e98e9c990e35803e4d9ad1-fe"}) {
    CAPTURE(text);
    REQUIRE(ParseUuid(text).ok());
    CHECK(*ParseUuid(text) == kUuid);
  }
}

TEST_CASE("what is not a UUID is refused") {
  for (const char* text : {"", "x", "e21987a5-e98e-9c99-0e35-803e4d9ad1f", "e21987a5-e98e-9c99-0e35-803e4d9ad1fe0",
                           "g21987a5-e98e-9c99-0e35-803e4d9ad1fe", "-e21987a5e98e9c990e35803e4d9ad1fe",
                           "e21987a5e98e9c990e35803e4d9ad1fe-", "e21987a5--e98e-9c99-0e35-803e4d9ad1fe",
                           " e21987a5-e98e-9c99-0e35-803e4d9ad1fe"}) {
    CAPTURE(text);
    CHECK(ReasonOf(ParseUuid(text).status()) == v1::REASON_SPEC_INVALID);
  }
}

}  // namespace
}  // namespace reeve::formats

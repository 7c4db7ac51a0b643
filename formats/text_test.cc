#include "formats/text.h"

#include <catch2/catch.hpp>

#include "formats/text_place.h"

namespace reeve::formats {
namespace {

TEST_CASE("UTF-8 is valid in its shortest form only") {
  for (const char* valid : {"", "a", "\u00e9", "\u20ac", "\U0001F600", "\xed\x9f\xbf", "\xf4\x8f\xbf\xbf"}) {
    CAPTURE(valid);
    CHECK(IsValidUtf8(valid));
  }
  // Truncated, overlong, surrogate, beyond U+10FFFF, stray continuation, no UTF-8 byte.
  for (const char* invalid : {"a\xc3", "a\xe2\x82", "a\xf0\x9f\x98", "a\xc0\xaf", "a\xe0\x80\xaf", "a\xf0\x80\x80\xaf",
                              "a\xed\xa0\x80", "a\xf4\x90\x80\x80", "a\x80", "a\xff", "a\xf5\x80\x80\x80"}) {
    CAPTURE(invalid);
    REQUIRE(FindInvalidUtf8(invalid).has_value());
    CHECK(*FindInvalidUtf8(invalid) == 1);
  }
}

TEST_CASE("control characters are C0, DEL and C1") {
  CHECK(HasControlCharacter("a\n"));
  CHECK(HasControlCharacter(absl::string_view("\0", 1)));
  CHECK(HasControlCharacter("\x7f"));
  CHECK(HasControlCharacter("\u0085"));
  CHECK_FALSE(HasControlCharacter("\u00a0 \u00e9"));
  CHECK_FALSE(HasControlCharacterInLines("a\n\tb"));
  CHECK(HasControlCharacterInLines("a\rb"));
}

TEST_CASE("messages show what cannot be printed, and not too much") {
  CHECK(Printable("a\x01\xff\u00e9") == "a\\x01\\xff\u00e9");
  CHECK(Printable(std::string(100, 'x'), 10) == "xxxxxxxxxx...");
}

TEST_CASE("places count lines and characters from one") {
  const absl::string_view text = "ab\n\u00e9\u00e9x\n";
  CHECK(ToString(PlaceOf(text, 0)) == "line 1 column 1");
  CHECK(ToString(PlaceOf(text, 2)) == "line 1 column 3");
  CHECK(ToString(PlaceOf(text, 3)) == "line 2 column 1");
  CHECK(ToString(PlaceOf(text, 7)) == "line 2 column 3");
  CHECK(ToString(PlaceOf(text, 1000)) == "line 3 column 1");
}

}  // namespace
}  // namespace reeve::formats

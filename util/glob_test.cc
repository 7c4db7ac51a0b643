#include "util/glob.h"

#include <catch2/catch.hpp>
#include <string>

namespace reeve::util {
namespace {

TEST_CASE("a pattern without wildcards is the text itself") {
  CHECK(GlobMatches("CN=alice", "CN=alice"));
  CHECK_FALSE(GlobMatches("CN=alice", "CN=alice2"));
  CHECK_FALSE(GlobMatches("CN=alice", "xCN=alice"));
  CHECK(GlobMatches("", ""));
  CHECK_FALSE(GlobMatches("", "a"));
}

TEST_CASE("a star stands for any bytes, a question mark for one") {
  CHECK(GlobMatches("*", ""));
  CHECK(GlobMatches("CN=*,O=Example", "CN=a,OU=b,O=Example"));
  CHECK_FALSE(GlobMatches("CN=*,O=Example", "CN=a,O=Example Two"));
  CHECK(GlobMatches("a?c", "abc"));
  CHECK_FALSE(GlobMatches("a?c", "ac"));
  CHECK(GlobMatches("*a*b*", "xxaxxabxx"));
  CHECK_FALSE(GlobMatches("*a*b", "xxaxxabxx"));
}

TEST_CASE("backslash and brackets stand for themselves") {
  CHECK(GlobMatches("O=Foo\\, Inc.", "O=Foo\\, Inc."));
  CHECK_FALSE(GlobMatches("O=[ab]", "O=a"));
}

TEST_CASE("a pattern of many stars takes no exponential time") {
  std::string pattern;
  for (int i = 0; i < 200; ++i) pattern += "a*";
  CHECK_FALSE(GlobMatches(pattern + "b", std::string(5000, 'a')));
}

}  // namespace
}  // namespace reeve::util

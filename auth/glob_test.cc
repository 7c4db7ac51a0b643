#include "auth/glob.h"

#include <catch2/catch.hpp>
#include <string>

namespace reeve::auth {
namespace {

TEST_CASE("patterns match whole texts") {
  CHECK(GlobMatches("", ""));
  CHECK_FALSE(GlobMatches("", "a"));
  CHECK(GlobMatches("web1", "web1"));
  CHECK_FALSE(GlobMatches("web1", "web12"));
  CHECK_FALSE(GlobMatches("web1", "aweb1"));
  CHECK_FALSE(GlobMatches("web1", "Web1"));
}

TEST_CASE("* stands for any text and ? for one byte") {
  CHECK(GlobMatches("*", ""));
  CHECK(GlobMatches("*", "a/b"));
  CHECK(GlobMatches("web*", "web"));
  CHECK(GlobMatches("web*", "web-1"));
  CHECK_FALSE(GlobMatches("web*", "we"));
  CHECK(GlobMatches("C=*,O=Example,CN=*", "C=DE,O=Example,CN=node1"));
  CHECK_FALSE(GlobMatches("C=*,O=Example,CN=*", "C=DE,O=Other,CN=node1"));
  CHECK(GlobMatches("a*b*c", "aXbXbXc"));
  CHECK_FALSE(GlobMatches("a*b*c", "aXbXbXcd"));
  CHECK(GlobMatches("w?b", "web"));
  CHECK_FALSE(GlobMatches("w?b", "wb"));
  CHECK_FALSE(GlobMatches("?", ""));
  CHECK(GlobMatches("**", "x"));
  CHECK_FALSE(GlobMatches("[a]", "a"));  // nothing else is special
}

TEST_CASE("no pattern takes long") {
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "a*";
  CHECK_FALSE(GlobMatches(pattern + "b", std::string(20000, 'a')));
}

}  // namespace
}  // namespace reeve::auth

#include "formats/xen_config.h"

#include <catch2/catch.hpp>
#include <string>

#include "formats/s_expression.h"
#include "proto/status.h"

namespace reeve::formats {
namespace {

void CheckMalformed(const absl::Status& status, absl::string_view place) {
  CHECK(ReasonOf(status) == v1::REASON_DOCUMENT_MALFORMED);
  INFO(status.message());
  CHECK(absl::string_view(status.message()).find(place) != absl::string_view::npos);
}

TEST_CASE("a configuration is read and written with all kinds of values") {
  const auto config = ParseXenConfig(
      "# web server\nname = 'web1' ; memory=256\n"
      "vif = [ \"mac=00:16:3e:00:00:01\", # first\n \"bridge=br0\", ]\n"
      "note = \"\"\"two\nlines\"\"\"\noffset = -3\n");
  REQUIRE(config.ok());
  CHECK(WriteXenConfig(*config) ==
        "name = \"web1\"\nmemory = 256\nvif = [ \"mac=00:16:3e:00:00:01\", \"bridge=br0\" ]\n"
        "note = \"\"\"two\nlines\"\"\"\noffset = -3\n");
  CHECK(config->Find("memory")->number == 256);
  CHECK(config->Find("absent") == nullptr);
}

TEST_CASE("a string is written in the first quotes that fit") {
  XenConfig config;
  config.Add("a", XenConfigValue::String("say \"x\""));
  config.Add("b", XenConfigValue::String("\"'"));
  CHECK(WriteXenConfig(config) == "a = 'say \"x\"'\nb = \"\"\"\"'\"\"\"\n");
}

TEST_CASE("a hostile configuration is refused at its place") {
  CheckMalformed(ParseXenConfig("name = \"web").status(), "line 1 column 8");
  CheckMalformed(ParseXenConfig("name = \"web\nother\"").status(), "line 1 column 8");
  CheckMalformed(ParseXenConfig("a = 1\nb = 99999999999999999999").status(), "line 2 column 5");
  CheckMalformed(ParseXenConfig("a = [ 1, 2").status(), "line 1 column 5");
  CheckMalformed(ParseXenConfig("a = 1 2").status(), "line 1 column 7");
  CheckMalformed(ParseXenConfig("a 1").status(), "line 1 column 3");
  CheckMalformed(ParseXenConfig(absl::string_view("a = \"\0\"", 7)).status(), "line 1 column 6");
  CheckMalformed(ParseXenConfig("a = " + std::string(100000, '[')).status(), "deeper than 8");
  CheckMalformed(ParseXenConfig("a = 1\nb = 'x\x1f'").status(), "has a control character");
  CheckMalformed(ParseXenConfig(std::string(kMaxXenConfigBytes + 1, '\n')).status(), "more than");
}

TEST_CASE("an S-expression is read and written") {
  const auto expression = ParseSExpression("(domain (name 'it\\'s')(cpus (()))\n (features )(vcpus 2))");
  REQUIRE(expression.ok());
  CHECK(expression->head() == "domain");
  CHECK(expression->Value("name") == "it's");
  CHECK(expression->Value("features").empty());
  CHECK(WriteSExpression(*expression) == "(domain (name 'it\\'s')(cpus (()))(features)(vcpus 2))");
}

TEST_CASE("a line end behind a backslash joins lines of an S-expression") {
  const auto expression = ParseSExpression("(domain\\\n(name 'we\\\nb')\\\r\n(vcpus 1\\\n2))\\\n");
  REQUIRE(expression.ok());
  CHECK(WriteSExpression(*expression) == "(domain (name 'web')(vcpus 12))");
}

TEST_CASE("closing parentheses behind an S-expression are told of where that is asked for") {
  size_t surplus = 0;
  REQUIRE(ParseSExpression("(a b)) )\n", &surplus).ok());
  CHECK(surplus == 5);
  REQUIRE(ParseSExpression("(a b)\n", &surplus).ok());
  CHECK(surplus == absl::string_view::npos);
  CheckMalformed(ParseSExpression("(a b)) c", &surplus).status(), "line 1 column 8");
}

TEST_CASE("an S-expression is made from its parts") {
  SExpression list = SExpression::List("device", {SExpression::List("vkbd")});
  list.Add(SExpression::List("mode", {SExpression::Quoted("w'!"), SExpression::Atom("1")}));
  CHECK(WriteSExpression(list) == "(device (vkbd)(mode 'w\\'!' 1))");
}

TEST_CASE("a hostile S-expression is refused at its place") {
  CheckMalformed(ParseSExpression("").status(), "line 1 column 1");
  CheckMalformed(ParseSExpression("(a (b c)").status(), "line 1 column 1");
  CheckMalformed(ParseSExpression("(a))").status(), "line 1 column 4");
  CheckMalformed(ParseSExpression("(a 'b)").status(), "line 1 column 4");
  CheckMalformed(ParseSExpression(absl::string_view("(a\0)", 4)).status(), "line 1 column 3");
  CheckMalformed(ParseSExpression(std::string(100000, '(')).status(), "deeper than 64");
  CheckMalformed(ParseSExpression("(a 'x\x1f')").status(), "has a control character");
}

}  // namespace
}  // namespace reeve::formats

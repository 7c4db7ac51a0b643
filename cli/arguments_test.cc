#include "cli/arguments.h"

#include <catch2/catch.hpp>

namespace reeve::cli {
namespace {

Command Sample() {
  Option files = Argument("file", "FILE", "files", Completion::kFile);
  files.repeated = true;
  files.required = false;
  return {.name = "sample",
          .options = {Argument("domain", "DOMAIN", "a domain", Completion::kDomain),
                      files,
                      Flag("all", "all", 'a'),
                      Value("timeout", "SECONDS", "time"),
                      {.kind = Option::Kind::kValue,
                       .name = "event",
                       .value = "KIND",
                       .repeated = true,
                       .completion = Completion::kWords,
                       .words = {"lifecycle", "reboot"}}}};
}

Arguments Parsed(const std::vector<std::string>& words) {
  const Command command = Sample();
  auto arguments = ParseArguments(command, words);
  INFO(arguments.status());
  REQUIRE(arguments.ok());
  return *arguments;
}

std::string Refusal(const std::vector<std::string>& words) {
  const Command command = Sample();
  auto arguments = ParseArguments(command, words);
  REQUIRE_FALSE(arguments.ok());
  return std::string(arguments.status().message());
}

TEST_CASE("arguments come by place or by name") {
  CHECK(Parsed({"web1"}).Get("domain") == "web1");
  CHECK(Parsed({"--domain", "web1"}).Get("domain") == "web1");
  CHECK(Parsed({"--domain=web1"}).Get("domain") == "web1");
  CHECK(Parsed({"web1", "a", "b"}).All("file") == std::vector<std::string>{"a", "b"});
  CHECK(Parsed({"--all", "web1"}).Has("all"));
  CHECK(Parsed({"web1", "-a"}).Has("all"));
  CHECK_FALSE(Parsed({"web1"}).Has("all"));
  CHECK(Parsed({"web1", "-"}).All("file") == std::vector<std::string>{"-"});
  CHECK(Parsed({"--", "--all"}).Get("domain") == "--all");
}

TEST_CASE("values are taken as they are") {
  for (const char* name : {"my web", "a,b", "123", "-5x", "a=b", "%x", "日本"}) {
    CHECK(Parsed({"--domain", name}).Get("domain") == name);
  }
  CHECK(Parsed({"web1", "--timeout", "3"}).Get("timeout") == "3");
  CHECK(Parsed({"web1", "--event", "lifecycle", "--event", "reboot"}).All("event").size() == 2);
  CHECK(Parsed({"web1", "--event", "reboot", "file"}).All("file") == std::vector<std::string>{"file"});
  CHECK(Parsed({"web1", "--output", "json"}).Get("output") == "json");
}

TEST_CASE("an empty name arrives as an empty name") {
  CHECK(Parsed({""}).Get("domain").empty());
}

TEST_CASE("what does not fit is refused") {
  CHECK(Refusal({}) == "DOMAIN is missing");
  CHECK(Refusal({"web1", "--nonsense"}) == "unexpected argument '--nonsense'");
  CHECK_THAT(Refusal({"web1", "--timeout"}), Catch::Contains("timeout"));
  CHECK_THAT(Refusal({"web1", "--event", "nonsense"}), Catch::Contains("'nonsense' is unknown"));
  CHECK_THAT(Refusal({"web1", "--output", "xml"}), Catch::Contains("'xml' is unknown"));
  CHECK_FALSE(Refusal({"web1", "--timeout", "3", "--timeout", "4"}).empty());
}

TEST_CASE("help goes before all") {
  CHECK(Parsed({"--nonsense", "--help"}).Has("help"));
}

TEST_CASE("global options end at the command") {
  std::vector<std::string> rest;
  auto options = ParseGlobalOptions({"-c", "test:///default", "-r", "list", "--all", "-q"}, &rest);
  REQUIRE(options.ok());
  CHECK(options->uri == "test:///default");
  CHECK(options->read_only);
  CHECK_FALSE(options->quiet);
  CHECK(options->output == "table");
  CHECK(rest == std::vector<std::string>{"list", "--all", "-q"});

  options = ParseGlobalOptions({"--output", "json", "--timeout=1.5", "--no-color", "-q"}, &rest);
  REQUIRE(options.ok());
  CHECK(options->output == "json");
  CHECK(options->timeout == absl::Milliseconds(1500));
  CHECK(options->no_color);
  CHECK(rest.empty());

  CHECK_FALSE(ParseGlobalOptions({"--nonsense", "list"}, &rest).ok());
  CHECK_FALSE(ParseGlobalOptions({"-o", "xml", "list"}, &rest).ok());
  CHECK_FALSE(ParseGlobalOptions({"--timeout", "soon", "list"}, &rest).ok());
  CHECK_FALSE(ParseGlobalOptions({"-c"}, &rest).ok());
}

TEST_CASE("times are bounded") {
  CHECK(*ParseSeconds("0.5") == absl::Milliseconds(500));
  for (const char* text : {"", "0", "-1", "x", "1s", "nan", "inf", "1e300"}) CHECK_FALSE(ParseSeconds(text).ok());
}

}  // namespace
}  // namespace reeve::cli

#include "daemon/command_line.h"

#include <catch2/catch.hpp>
#include <vector>

namespace reeve {
namespace {

CommandLineResult Parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "reeved");
  return ParseCommandLine(static_cast<int>(arguments.size()), arguments.data());
}

TEST_CASE("without arguments it serves the host") {
  const auto result = Parse({});
  REQUIRE(result.command_line.has_value());
  CHECK(result.command_line->action == CommandLine::Action::kServe);
  CHECK(result.command_line->root == "/");
  CHECK(result.command_line->config_file.empty());
  CHECK_FALSE(result.command_line->log_level.has_value());
}

TEST_CASE("all options") {
  const auto result = Parse({"--root", "/srv/x", "--config=/srv/y.toml", "--log-level", "debug", "--print-config"});
  REQUIRE(result.command_line.has_value());
  CHECK(result.command_line->action == CommandLine::Action::kPrintConfig);
  CHECK(result.command_line->root == "/srv/x");
  CHECK(result.command_line->config_file == "/srv/y.toml");
  CHECK(result.command_line->log_level == util::LogLevel::kDebug);
  CHECK(Parse({"--check-config"}).command_line->action == CommandLine::Action::kCheckConfig);
}

TEST_CASE("help and version end well") {
  const auto help = Parse({"--help"});
  CHECK_FALSE(help.command_line.has_value());
  CHECK(help.exit_code == kExitOk);
  for (const char* word : {"--root", "--config", "--check-config", "--log-level", "Exit codes", "SIGHUP"}) {
    CHECK_THAT(help.output, Catch::Contains(word));
  }
  CHECK(Parse({"--version"}).output == "reeved 0.1.0\n");
}

TEST_CASE("wrong command lines are refused") {
  for (const std::vector<const char*>& arguments :
       std::vector<std::vector<const char*>>{{"--no-such"},
                                             {"extra"},
                                             {"--root"},
                                             {"--root", ""},
                                             {"--config", ""},
                                             {"--log-level", "loud"},
                                             {"--check-config", "--print-config"}}) {
    const auto result = Parse(arguments);
    CAPTURE(arguments[0]);
    CHECK_FALSE(result.command_line.has_value());
    CHECK(result.exit_code == kExitUsage);
    CHECK_FALSE(result.output.empty());
  }
}

}  // namespace
}  // namespace reeve

#include "daemon/log_sinks.h"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <regex>

#include "daemon/temporary_directory.h"

namespace reeve {
namespace {

std::vector<std::string> Lines(const std::string& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

TEST_CASE("lines are written at once, with time and level, and as they are") {
  const TemporaryDirectory directory;
  const auto sink = OpenFileSink(directory.Below("reeved.log"));
  REQUIRE(sink.ok());
  (*sink)->Write(util::LogLevel::kWarn, "braces {} and {0} %d stay");
  (*sink)->Write(util::LogLevel::kTrace, "second");
  const std::vector<std::string> lines = Lines(directory.Below("reeved.log"));
  REQUIRE(lines.size() == 2);
  CHECK(std::regex_match(lines[0], std::regex("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}[+-]\\d\\d:\\d\\d "
                                              "warning braces \\{\\} and \\{0\\} %d stay")));
}

TEST_CASE("a file that was moved away is made anew by opening again") {
  const TemporaryDirectory directory;
  const std::string path = directory.Below("reeved.log");
  auto sink = OpenFileSink(path);
  (*sink)->Write(util::LogLevel::kInfo, "before");
  std::filesystem::rename(path, path + ".1");
  (*sink)->Write(util::LogLevel::kInfo, "still before");
  sink = OpenFileSink(path);
  (*sink)->Write(util::LogLevel::kInfo, "after");
  CHECK(Lines(path + ".1").size() == 2);
  CHECK(Lines(path).size() == 1);
}

TEST_CASE("a file that cannot be opened is an error that names it") {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory.Below("reeved.log"));
  const auto sink = OpenFileSink(directory.Below("reeved.log"));
  CHECK(sink.status().code() == absl::StatusCode::kUnavailable);
  CHECK_THAT(std::string(sink.status().message()), Catch::Contains(directory.Below("reeved.log")));
}

}  // namespace
}  // namespace reeve

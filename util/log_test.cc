#include "util/log.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace reeve::util {
namespace {

class MemorySink final : public LogSink {
 public:
  void Write(LogLevel level, absl::string_view line) override { lines.emplace_back(level, line); }
  std::vector<std::pair<LogLevel, std::string>> lines;
};

TEST_CASE("control characters cannot forge a line or steer a terminal") {
  CHECK(EscapeControlCharacters("plain text, \xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\xA7") ==
        "plain text, \xC3\xA4\xE2\x82\xAC\xF0\x9F\x90\xA7");
  CHECK(EscapeControlCharacters("a\nb\r\tc") == "a\\nb\\r\\tc");
  CHECK(EscapeControlCharacters("\x1b[2J\x7f") == "\\x1b[2J\\x7f");
  CHECK(EscapeControlCharacters(absl::string_view("\0x", 2)) == "\\x00x");
  CHECK(EscapeControlCharacters("\xC2\x9B"
                                "31m") == "\\xc2\\x9b31m");  // C1 control sequence introducer
  CHECK(EscapeControlCharacters("\xC2\xA0") == "\xC2\xA0");
}

TEST_CASE("bytes that are not UTF-8 are escaped") {
  CHECK(EscapeControlCharacters("\xFF") == "\\xff");
  CHECK(EscapeControlCharacters("\xC3") == "\\xc3");                    // cut short
  CHECK(EscapeControlCharacters("\xC0\x8A") == "\\xc0\\x8a");           // overlong newline
  CHECK(EscapeControlCharacters("\xED\xA0\x80") == "\\xed\\xa0\\x80");  // surrogate
  CHECK(EscapeControlCharacters("\xF4\x90\x80\x80") == "\\xf4\\x90\\x80\\x80");
  CHECK(EscapeControlCharacters("\xE2\x82z") == "\\xe2\\x82z");
}

TEST_CASE("the threshold decides, and long lines are cut") {
  const auto sink = std::make_shared<MemorySink>();
  SetLogSink(sink);
  SetLogLevel(LogLevel::kWarn);
  LogInfo("not wanted");
  LogWarn("client ", 7, " left");
  Log(LogLevel::kError, std::string(20'000, 'x'));
  SetLogLevel(LogLevel::kOff);
  LogError("not wanted either");
  Log(LogLevel::kOff, "nor this");
  SetLogSink(nullptr);
  SetLogLevel(LogLevel::kInfo);
  REQUIRE(sink->lines.size() == 2);
  CHECK(sink->lines[0] == std::pair(LogLevel::kWarn, std::string("client 7 left")));
  CHECK(sink->lines[1].second == std::string(8192, 'x') + "...");
}

TEST_CASE("level names go both ways") {
  for (const char* name : {"trace", "debug", "info", "warn", "error", "off"}) {
    const auto level = ParseLogLevel(name);
    REQUIRE(level.has_value());
    CHECK(LogLevelName(*level) == name);
  }
  CHECK_FALSE(ParseLogLevel("verbose").has_value());
  CHECK_FALSE(ParseLogLevel("INFO").has_value());
  CHECK_FALSE(ParseLogLevel("").has_value());
}

}  // namespace
}  // namespace reeve::util

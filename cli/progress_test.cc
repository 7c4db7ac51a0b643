#include "cli/progress.h"

#include <catch2/catch.hpp>
#include <cstdlib>

#include "cli/units.h"

namespace reeve::cli {
namespace {

TEST_CASE("a bar fills with its percent") {
  CHECK(ProgressLine("save", 50, 23) == "save [#####     ]  50 %");
  CHECK(ProgressLine("save", 0, 23) == "save [          ]   0 %");
  CHECK(ProgressLine("save", 100, 23) == "save [##########] 100 %");
  CHECK(ProgressLine("save", 4000000000u, 23) == "save [##########] 100 %");
  CHECK(ProgressLine("save", 7, 10) == "  7 %");  // no room for a bar
  CHECK(ProgressLine("a\x1b[2J", 7, 200).find('\x1b') == std::string::npos);
}

TEST_CASE("without a terminal a line comes for what is new") {
  char* text = nullptr;
  size_t size = 0;
  FILE* file = ::open_memstream(&text, &size);
  Output output(file, file, false, false);
  {
    ProgressDisplay display(&output, 0);
    for (uint32_t percent : {0, 3, 9, 10, 15, 55, 55}) display.Show("memory", percent);
    display.Show("disk", 56);
  }
  CHECK(std::string(text, size) == "memory 0 %\nmemory 10 %\nmemory 50 %\ndisk 50 %\n");
  std::fclose(file);
  std::free(text);
}

TEST_CASE("on a terminal the bar is taken off at the end") {
  char* text = nullptr;
  size_t size = 0;
  FILE* file = ::open_memstream(&text, &size);
  Output output(file, file, false, false);
  { ProgressDisplay(&output, 24).Show("save", 50); }
  CHECK(std::string(text, size) == "\rsave [#####     ]  50 %\x1b[K\r\x1b[K");
  std::fclose(file);
  std::free(text);
}

TEST_CASE("sizes and times for people") {
  CHECK(BytesWords(0) == "0 B");
  CHECK(BytesWords(1023) == "1023 B");
  CHECK(BytesWords(1536) == "1.5 KiB");
  CHECK(BytesWords(UINT64_MAX) == "16.0 EiB");
  google::protobuf::Timestamp time;
  time.set_seconds(1795460691);
  time.set_nanos(123456789);
  CHECK(TimeStamp(time) == "2026-11-23 19:04:51.123+0000");
}

}  // namespace
}  // namespace reeve::cli

#include <catch2/catch.hpp>

#include "formats/number_set.h"
#include "formats/scaled_size.h"
#include "formats/signal_name.h"

namespace reeve::formats {
namespace {

TEST_CASE("sizes are scaled by libvirt's units and rounded up to KiB") {
  const auto scaled = [](uint64_t number, absl::string_view unit) { return *ScaledKibibytes(number, unit, "KiB"); };
  CHECK(scaled(7, "") == 7);
  CHECK(scaled(1, "b") == 1);
  CHECK(scaled(1024, "bytes") == 1);
  CHECK(scaled(1025, "byte") == 2);
  CHECK(scaled(1, "KB") == 1);
  CHECK(scaled(1000, "KB") == 977);
  CHECK(scaled(3, "k") == 3);
  CHECK(scaled(3, "KiB") == 3);
  CHECK(scaled(1, "MB") == 977);
  CHECK(scaled(1, "M") == 1024);
  CHECK(scaled(1, "mib") == 1024);
  CHECK(scaled(1, "GB") == 976563);
  CHECK(scaled(1, "G") == 1048576);
  CHECK(scaled(1, "GiB") == 1048576);
  CHECK(scaled(1, "TB") == 976562500);
  CHECK(scaled(1, "TiB") == uint64_t{1} << 30);
  CHECK(scaled(7, "EiB") == uint64_t{7} << 50);
  CHECK(*ScaledKibibytes(2048, "", "bytes") == 2);
}

TEST_CASE("sizes that are too large or of unknown unit are refused") {
  for (absl::string_view unit : {"x", "KiBi", "Ki", "KBs", "bit", " KiB", "iB"}) {
    CAPTURE(std::string(unit));
    CHECK_FALSE(ScaledKibibytes(1, unit, "KiB").ok());
  }
  CHECK_FALSE(ScaledKibibytes(8, "EiB", "KiB").ok());
  CHECK_FALSE(ScaledKibibytes(uint64_t{1} << 53, "KiB", "KiB").ok());
  CHECK(ScaledKibibytes((uint64_t{1} << 53) - 1, "KiB", "KiB").ok());
  CHECK_FALSE(ScaledKibibytes(UINT64_MAX, "b", "KiB").ok());
}

TEST_CASE("sets of numbers") {
  CHECK(*ParseNumberSet("0") == std::set<uint32_t>{0});
  CHECK(*ParseNumberSet("0-3,^2,8") == std::set<uint32_t>{0, 1, 3, 8});
  CHECK(*ParseNumberSet("5, 1-2") == std::set<uint32_t>{1, 2, 5});
  CHECK(*ParseNumberSet("0-7,^1-6") == std::set<uint32_t>{0, 7});
  for (const char* wrong : {"", ",", "1,", "a", "-1", "3-1", "1-", "^1", "1,^1", "16384", "0-99999999", "0x1", "1;2"}) {
    CAPTURE(wrong);
    CHECK_FALSE(ParseNumberSet(wrong).has_value());
  }
  CHECK_FALSE(ParseNumberSet(std::string(5000, '1')).has_value());
}

TEST_CASE("signals by name and number") {
  CHECK(ParseSignal("SIGTERM") == 15);
  CHECK(ParseSignal("SIGPWR") == 30);
  CHECK(ParseSignal("SIGRTMIN") == 34);
  CHECK(ParseSignal("SIGRTMIN+3") == 37);
  CHECK(ParseSignal("SIGRTMAX") == 64);
  CHECK(ParseSignal("SIGRTMAX-1") == 63);
  CHECK(ParseSignal("1") == 1);
  CHECK(ParseSignal("64") == 64);
  for (const char* wrong : {"", "0", "65", "TERM", "sigterm", "SIGRTMIN+31", "SIGRTMAX-31", "SIGRTMIN+", "SIGRTMIN+-1",
                            "-1", "1x", "SIGTERM "}) {
    CAPTURE(wrong);
    CHECK_FALSE(ParseSignal(wrong).has_value());
  }
}

}  // namespace
}  // namespace reeve::formats

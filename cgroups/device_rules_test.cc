#include "cgroups/device_rules.h"

#include <catch2/catch.hpp>

namespace reeve::cgroups {
namespace {

using Catch::Matchers::Contains;
using Type = DeviceRule::Type;

TEST_CASE("Rules for the same devices are one") {
  DeviceRules rules;
  REQUIRE(rules.Add({Type::kCharacter, 1, 3, kDeviceRead}).ok());
  REQUIRE(rules.Add({Type::kCharacter, 1, 3, kDeviceMake}).ok());
  REQUIRE(rules.Add({Type::kBlock, 1, 3, kDeviceWrite}).ok());
  REQUIRE(rules.Add({Type::kCharacter, 136, {}, kDeviceAll}).ok());
  REQUIRE(rules.List().size() == 3);
  CHECK(FormatDeviceRule(rules.List()[0]) == "c 1:3 rm");
  CHECK(FormatDeviceRule(rules.List()[1]) == "c 136:* rwm");
  CHECK(FormatDeviceRule(rules.List()[2]) == "b 1:3 w");

  rules.Remove({Type::kCharacter, 1, 3, kDeviceMake | kDeviceWrite});
  CHECK(FormatDeviceRule(rules.List()[0]) == "c 1:3 r");
  rules.Remove({Type::kCharacter, 1, 3, kDeviceAll});
  CHECK(rules.List().size() == 2);
  // A wider rule stays.
  rules.Remove({Type::kCharacter, 136, 5, kDeviceAll});
  CHECK(rules.List().size() == 2);
}

TEST_CASE("Rules without sense and too many rules are refused") {
  DeviceRules rules;
  CHECK(absl::IsInvalidArgument(rules.Add({Type::kBlock, 8, 0, 0})));
  CHECK(absl::IsInvalidArgument(rules.Add({Type::kBlock, 8, 0, 8})));
  for (uint32_t minor = 0; minor < DeviceRules::kMaximum; ++minor) REQUIRE(rules.Add({Type::kBlock, 8, minor}).ok());
  CHECK(absl::IsResourceExhausted(rules.Add({Type::kBlock, 9, 0})));
  CHECK(rules.Add({Type::kBlock, 8, 0, kDeviceRead}).ok());
}

TEST_CASE("Rules are read as they are written") {
  for (const char* text : {"c 1:3 rwm", "b *:* m", "c 136:* rw", "b 4294967295:0 w"}) {
    const auto rule = ParseDeviceRule(text);
    INFO(text);
    REQUIRE(rule.ok());
    CHECK(FormatDeviceRule(*rule) == text);
  }
  for (const char* text : {"", "a *:* rwm", "c 1:3", "c 1:3 x", "c 1:3 rr", "c 1 rwm", "c -1:3 r", "c 4294967296:0 r",
                           "c 1:3:4 r", "c 1:3 ", "d 1:3 r", "c 1:3 rwm "}) {
    INFO(text);
    CHECK_THAT(std::string(ParseDeviceRule(text).status().message()), Contains("is not a device rule"));
  }
}

}  // namespace
}  // namespace reeve::cgroups

#include "drivers/lxc/device_list.h"

#include <catch2/catch.hpp>

#include "absl/strings/str_join.h"

namespace reeve::lxc {
namespace {

std::string Text(const v1::DomainSpec& spec, const std::vector<NodePlan>& nodes) {
  const absl::StatusOr<cgroups::DeviceRules> rules = DevicesOfGuest(spec, nodes);
  REQUIRE(rules.ok());
  return absl::StrJoin(rules->List(), ", ", [](std::string* text, const cgroups::DeviceRule& rule) {
    text->append(cgroups::FormatDeviceRule(rule));
  });
}

const std::string kDefault =
    "c 1:3 rwm, c 1:5 rwm, c 1:7 rwm, c 1:8 rwm, c 1:9 rwm, c 5:0 rwm, c 5:1 rwm, c 5:2 rwm, c 10:229 rwm, "
    "c 136:* rwm";

TEST_CASE("what every guest may use, and nothing else") {
  CHECK(Text({}, {}) == kDefault);
}

TEST_CASE("nodes and rules of the specification add to it") {
  v1::DomainSpec spec;
  v1::DeviceRule* rule = spec.mutable_lxc()->add_devices();
  rule->set_type("block");
  rule->set_major(7);
  rule->set_access("r");
  CHECK(Text(spec, {{.name = "sda", .block = true, .major = 8, .minor = 1, .read_only = true},
                    {.name = "sdb", .block = true, .major = 8, .minor = 2}}) ==
        kDefault + ", b 7:* r, b 8:1 rm, b 8:2 rwm");
}

TEST_CASE("all devices, by name") {
  v1::DomainSpec spec;
  spec.mutable_lxc()->add_devices()->set_type("char");
  const std::string text = Text(spec, {});
  CHECK(text.substr(0, 9) == "c *:* rwm");
  CHECK(text.find("b *") == std::string::npos);
}

}  // namespace
}  // namespace reeve::lxc

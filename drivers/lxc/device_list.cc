#include "drivers/lxc/device_list.h"

#include <algorithm>

namespace reeve::lxc {
namespace {

using cgroups::DeviceRule;

struct Character {
  uint32_t major;
  uint32_t minor;
};
// Documentation/admin-guide/devices.txt of the kernel: null, zero, full, random, urandom; tty, console, ptmx; fuse.
constexpr Character kAlways[] = {{1, 3}, {1, 5}, {1, 7}, {1, 8}, {1, 9}, {5, 0}, {5, 1}, {5, 2}, {10, 229}};
constexpr uint32_t kTerminalSlaves = 136;

uint8_t AccessOf(const std::string& letters) {
  if (letters.empty()) return cgroups::kDeviceAll;
  uint8_t access = 0;
  for (const char letter : letters) {
    if (letter == 'r') access |= cgroups::kDeviceRead;
    if (letter == 'w') access |= cgroups::kDeviceWrite;
    if (letter == 'm') access |= cgroups::kDeviceMake;
  }
  return access;
}

DeviceRule RuleOf(const v1::DeviceRule& wanted) {
  DeviceRule rule;
  rule.type = wanted.type() == "block" ? DeviceRule::Type::kBlock : DeviceRule::Type::kCharacter;
  if (wanted.has_major()) rule.major = wanted.major();
  if (wanted.has_minor()) rule.minor = wanted.minor();
  rule.access = AccessOf(wanted.access());
  return rule;
}

DeviceRule RuleOf(const NodePlan& node) {
  return {.type = node.block ? DeviceRule::Type::kBlock : DeviceRule::Type::kCharacter,
          .major = node.major,
          .minor = node.minor,
          .access = static_cast<uint8_t>(node.read_only ? cgroups::kDeviceAll & ~cgroups::kDeviceWrite
                                                        : cgroups::kDeviceAll)};
}

}  // namespace

absl::StatusOr<cgroups::DeviceRules> DevicesOfGuest(const v1::DomainSpec& spec, const std::vector<NodePlan>& nodes) {
  cgroups::DeviceRules rules;
  absl::Status status;
  for (const Character& device : kAlways) status.Update(rules.Add({.major = device.major, .minor = device.minor}));
  status.Update(rules.Add({.major = kTerminalSlaves}));
  for (const NodePlan& node : nodes) status.Update(rules.Add(RuleOf(node)));
  for (const v1::DeviceRule& device : spec.lxc().devices()) status.Update(rules.Add(RuleOf(device)));
  if (!status.ok()) return status;
  return rules;
}

}  // namespace reeve::lxc

#include "cgroups/device_rules.h"

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace reeve::cgroups {
namespace {

std::string NumberOrAll(const std::optional<uint32_t>& number) {
  return number ? absl::StrCat(*number) : "*";
}

bool ParseNumberOrAll(absl::string_view text, std::optional<uint32_t>* number) {
  if (text == "*") {
    number->reset();
    return true;
  }
  uint32_t value = 0;
  if (text.empty() || text[0] == '+' || text[0] == '-' || !absl::SimpleAtoi(text, &value)) return false;
  *number = value;
  return true;
}

bool ParseAccess(absl::string_view text, uint8_t* access) {
  *access = 0;
  for (char c : text) {
    const uint8_t bit = c == 'r' ? kDeviceRead : c == 'w' ? kDeviceWrite : c == 'm' ? kDeviceMake : 0;
    if (bit == 0 || (*access & bit) != 0) return false;
    *access |= bit;
  }
  return *access != 0;
}

}  // namespace

absl::Status DeviceRules::Add(const DeviceRule& rule) {
  if (rule.access == 0 || (rule.access & ~kDeviceAll) != 0) {
    return absl::InvalidArgumentError(absl::StrCat("a device rule has the access ", rule.access, ", not 1 to 7"));
  }
  const Devices devices = {rule.type, rule.major, rule.minor};
  if (rules_.size() >= kMaximum && rules_.count(devices) == 0) {
    return absl::ResourceExhaustedError(absl::StrCat("more than ", kMaximum, " device rules"));
  }
  rules_[devices] |= rule.access;
  return absl::OkStatus();
}

void DeviceRules::Remove(const DeviceRule& rule) {
  const auto found = rules_.find({rule.type, rule.major, rule.minor});
  if (found == rules_.end()) return;
  found->second &= static_cast<uint8_t>(~rule.access);
  if (found->second == 0) rules_.erase(found);
}

std::vector<DeviceRule> DeviceRules::List() const {
  std::vector<DeviceRule> list;
  list.reserve(rules_.size());
  for (const auto& [devices, access] : rules_) list.push_back({devices.type, devices.major, devices.minor, access});
  return list;
}

std::string FormatDeviceRule(const DeviceRule& rule) {
  return absl::StrCat(rule.type == DeviceRule::Type::kBlock ? "b " : "c ", NumberOrAll(rule.major), ":",
                      NumberOrAll(rule.minor), " ", (rule.access & kDeviceRead) != 0 ? "r" : "",
                      (rule.access & kDeviceWrite) != 0 ? "w" : "", (rule.access & kDeviceMake) != 0 ? "m" : "");
}

absl::StatusOr<DeviceRule> ParseDeviceRule(absl::string_view text) {
  const std::vector<absl::string_view> fields = absl::StrSplit(text, ' ');
  DeviceRule rule;
  bool good = fields.size() == 3 && (fields[0] == "c" || fields[0] == "b");
  if (good) {
    rule.type = fields[0] == "b" ? DeviceRule::Type::kBlock : DeviceRule::Type::kCharacter;
    const std::vector<absl::string_view> numbers = absl::StrSplit(fields[1], ':');
    good = numbers.size() == 2 && ParseNumberOrAll(numbers[0], &rule.major) &&
           ParseNumberOrAll(numbers[1], &rule.minor) && ParseAccess(fields[2], &rule.access);
  }
  if (good) return rule;
  return absl::InvalidArgumentError(
      absl::StrCat("\"", text.substr(0, 64), "\" is not a device rule like \"c 1:3 rwm\""));
}

}  // namespace reeve::cgroups

// Which devices a group may open or make: one list, whatever the kernel enforces it with (devices.h).
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::cgroups {

// What may be done, as bits.
enum DeviceAccess : uint8_t { kDeviceMake = 1, kDeviceRead = 2, kDeviceWrite = 4, kDeviceAll = 7 };

// Devices and the access to them that is allowed.
struct DeviceRule {
  enum class Type { kCharacter, kBlock };
  Type type = Type::kCharacter;
  std::optional<uint32_t> major;  // nothing: every one
  std::optional<uint32_t> minor;  // nothing: every one
  uint8_t access = kDeviceAll;    // bits of DeviceAccess
};

// A list of rules; what none of them allows is denied. Rules for the same devices are one, with the accesses of both,
// and an access must be allowed by one rule as a whole: opening for reading and writing is not allowed by a rule for
// all devices to read and another for one device to write. Value type; not thread-safe.
class DeviceRules {
 public:
  // The kernel refuses larger programs, and v1 lists get slow.
  static constexpr size_t kMaximum = 512;

  // Allows more. INVALID_ARGUMENT for a rule without access or with other bits, RESOURCE_EXHAUSTED beyond kMaximum.
  absl::Status Add(const DeviceRule& rule);
  // Takes accesses away from the rule for exactly these devices; wider rules stay. Does nothing without such a rule.
  void Remove(const DeviceRule& rule);
  // Sorted by type, major, minor; wildcards first.
  std::vector<DeviceRule> List() const;
  bool empty() const { return rules_.empty(); }

  friend bool operator==(const DeviceRules&, const DeviceRules&) = default;

 private:
  struct Devices {
    DeviceRule::Type type;
    std::optional<uint32_t> major, minor;
    auto operator<=>(const Devices&) const = default;
  };
  std::map<Devices, uint8_t> rules_;
};

// The form of devices.allow and devices.list: "c 1:3 rwm", "b *:* m".
std::string FormatDeviceRule(const DeviceRule& rule);
// The same form; INVALID_ARGUMENT says what is wrong. "a" lines (v1's "everything") are refused: they are two rules.
absl::StatusOr<DeviceRule> ParseDeviceRule(absl::string_view text);

}  // namespace reeve::cgroups

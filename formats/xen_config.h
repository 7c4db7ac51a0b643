// The grammar of xl and xm configuration files as libvirt reads and writes it (xl.cfg(5), "name = value" lines with
// numbers, quoted strings and lists). Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::formats {

// Bounds of a file; beyond them it is DOCUMENT_MALFORMED.
inline constexpr size_t kMaxXenConfigBytes = 1 << 20;
inline constexpr int kMaxXenConfigDepth = 8;
inline constexpr size_t kMaxXenConfigValues = 16384;

// One value. Owns its text; `offset` is where it stands in the file.
struct XenConfigValue {
  enum class Kind { kNumber, kString, kList };
  Kind kind = Kind::kString;
  int64_t number = 0;
  std::string text;
  std::vector<XenConfigValue> items;
  size_t offset = 0;

  static XenConfigValue Number(int64_t number);
  static XenConfigValue String(absl::string_view text);
  static XenConfigValue List(std::vector<XenConfigValue> items);
};

struct XenConfigSetting {
  std::string name;
  XenConfigValue value;
  size_t offset = 0;
};

// The settings of one file, in its order.
struct XenConfig {
  std::vector<XenConfigSetting> settings;

  // The last setting of the name, as libvirt takes it; null when there is none.
  const XenConfigValue* Find(absl::string_view name) const;
  // Appends a setting.
  void Add(absl::string_view name, XenConfigValue value);
};

// Errors: DOCUMENT_MALFORMED with "line L column C": a name, value, quote or bracket that is wrong or has no end, a
// number beyond 64 bits, bytes that are not UTF-8, a NUL, or a file that is too large or too deep.
absl::StatusOr<XenConfig> ParseXenConfig(absl::string_view text);

// One setting per line; lists as `[ "a", "b" ]`; a string in the first quotes that fit: ", ', """.
std::string WriteXenConfig(const XenConfig& config);

// DOCUMENT_MALFORMED or another reason at a place of `text`.
absl::Status XenConfigFault(absl::string_view text, size_t offset, absl::string_view cause);

}  // namespace reeve::formats

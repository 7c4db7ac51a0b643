// The rate of a network interface as xl, xm and xend say it: "10MB/s", "500Kb/s@20ms". Pure functions, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace reeve::formats {

struct XenRate {
  uint64_t kilobytes_per_second = 0;  // at least 1
  bool exact = true;                  // no interval was said, and nothing was rounded away
};

// Nothing for other text, and for rates below 1 KB/s or beyond 2^40 KB/s.
std::optional<XenRate> ParseXenRateText(absl::string_view text);
std::string WriteXenRateText(uint64_t kilobytes_per_second);

}  // namespace reeve::formats

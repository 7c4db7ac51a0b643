// Sets of CPUs or memory nodes as text. Pure function, thread-safe.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>

#include "absl/strings/string_view.h"

namespace reeve::formats {

// The numbers of a set such as "0-3,^2,8": numbers and ranges, "^" takes away one number or range that was named
// before. Nothing when the text is not of that form, the set is empty, or a number is beyond 16383.
std::optional<std::set<uint32_t>> ParseNumberSet(absl::string_view text);

// A set as libvirt writes it: "0-2,8".
std::string FormatNumberSet(const std::set<uint32_t>& numbers);

// A set in that form; a text that is no set, unchanged.
std::string NormalNumberSet(absl::string_view text);

}  // namespace reeve::formats

// Text from outside, fit for a message: escaped, and of a long one the beginning. Pure functions, thread-safe.
#pragma once

#include <cstddef>
#include <string>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace reeve::cpu {

inline constexpr size_t kShownBytes = 80;

inline std::string Shown(absl::string_view text) {
  return absl::Utf8SafeCHexEscape(text.substr(0, kShownBytes));
}

inline std::string Quoted(absl::string_view text) {
  return absl::StrCat("'", Shown(text), "'");
}

}  // namespace reeve::cpu

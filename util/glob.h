// Patterns for names.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace reeve::util {

// Whether all of `text` fits `pattern`, in which "*" stands for any bytes, also none, and "?" for one; every other byte
// stands for itself, backslash and brackets among them. Takes time of the product of both lengths at most.
bool GlobMatches(absl::string_view pattern, absl::string_view text);
// Whether it fits one of them.
bool AnyGlobMatches(const std::vector<std::string>& patterns, absl::string_view text);

}  // namespace reeve::util

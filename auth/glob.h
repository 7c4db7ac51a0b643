// Patterns of names.
#pragma once

#include "absl/strings/string_view.h"

namespace reeve::auth {

// Whether the whole of `text` matches: * stands for any text, also an empty one and across '/', ? for one byte, all else
// for itself. Takes at most the product of the lengths, whatever the pattern: patterns are the administrator's, texts a
// client's.
bool GlobMatches(absl::string_view pattern, absl::string_view text);

}  // namespace reeve::auth

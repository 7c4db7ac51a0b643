// Elements of XML that follow each other without a common root. Pure function, thread-safe.
#pragma once

#include <cstddef>
#include <vector>

#include "absl/strings/string_view.h"

namespace reeve::formats {

// Where in `text` each of them is, at most `max`; an XML declaration, comments and white space may stand around them.
// Empty where other things do, or where the elements cannot be told apart; what is inside them is not checked
// (xml_guard.h does that of each).
std::vector<absl::string_view> SplitXmlElements(absl::string_view text, size_t max);

}  // namespace reeve::formats

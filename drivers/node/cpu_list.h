// The kernel's lists of CPUs: "0-3,8,10-11".
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::node {

// Numbers in ascending order as the kernel writes them; an empty text is an empty list. INVALID_ARGUMENT for anything
// else and for numbers above 65535.
absl::StatusOr<std::vector<int>> ParseCpuList(absl::string_view text);

}  // namespace reeve::node

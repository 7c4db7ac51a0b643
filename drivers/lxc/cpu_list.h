// Sets of CPUs and memory nodes, as specifications and the kernel write them.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace reeve::lxc {

// "0-3,^2,8" as the kernel takes it: "0-1,3,8". Nothing for a text that is no such set, names a number over 4095, or
// leaves none. Pure.
std::optional<std::string> KernelList(absl::string_view text);

}  // namespace reeve::lxc

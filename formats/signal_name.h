// Names of signals. Pure function, thread-safe.
#pragma once

#include <optional>

#include "absl/strings/string_view.h"

namespace reeve::formats {

// The number of a signal: "SIGTERM", "SIGRTMIN+3", "SIGRTMAX-1" (real-time signals as glibc counts them, 34 to 64; see
// signal(7)), or a number 1 to 64. Nothing when there is no such signal.
std::optional<int> ParseSignal(absl::string_view text);

}  // namespace reeve::formats

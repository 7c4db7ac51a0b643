// Names of signals.
#pragma once

#include <optional>
#include <string>

#include "absl/strings/string_view.h"

namespace reeve::lxc {

// "SIGTERM", "TERM", "SIGRTMIN+3", "15": 1 to 64; nothing for what is no signal.
std::optional<int> ParseSignal(absl::string_view text);

// "signal 9 (SIGKILL)"; real-time and unknown ones without a name.
std::string DescribeSignal(int signal);

}  // namespace reeve::lxc

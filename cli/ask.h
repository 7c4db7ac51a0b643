// Asks the user on his terminal.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::cli {

// Shows `prompt` on the terminal of this process, whatever standard input and output are, and reads a line of at most
// 1024 bytes; with `secret` it is not shown. UNAVAILABLE without a terminal, CANCELLED when `interrupt_fd` becomes
// readable
// (-1: none) or at the end of input. The terminal is as it was when this returns.
absl::StatusOr<std::string> AskOnTerminal(absl::string_view prompt, bool secret, int interrupt_fd);

}  // namespace reeve::cli

// Running commands.
#pragma once

#include <string>
#include <vector>

#include "absl/strings/string_view.h"
#include "cli/context.h"

namespace reeve::cli {

// Runs one command, given as its words, and gives its exit code. Usage errors are printed and give kExitUsage; a result
// that cannot be written (a full disk) fails the command.
int RunWords(Context& context, const std::vector<std::string>& words);

// Runs "list --all; dominfo x": all of them, also behind one that fails. Gives the first exit code that is not 0.
int RunText(Context& context, absl::string_view text);

}  // namespace reeve::cli

// All commands of reeve.
#pragma once

#include <vector>

#include "cli/command.h"

namespace reeve::cli {

// The groups in the order of the help; built at the first call. Thread-safe.
const std::vector<CommandGroup>& AllCommands();

}  // namespace reeve::cli

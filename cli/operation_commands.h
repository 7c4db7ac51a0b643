// Long jobs: operation list, show, wait, cancel.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup OperationCommands();

}  // namespace reeve::cli

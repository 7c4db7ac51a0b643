// reeve token and reeve join.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup TokenCommands();

}  // namespace reeve::cli

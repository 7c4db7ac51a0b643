// Commands of reeve itself: help, connect, quit, exit.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup BuiltinCommands();

}  // namespace reeve::cli

// The daemon's administration: admin clients, disconnect, daemon, log-level.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup AdminCommands();

}  // namespace reeve::cli

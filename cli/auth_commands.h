// Who the user is to the daemon and what he may do: auth whoami, can.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup AuthCommands();

}  // namespace reeve::cli

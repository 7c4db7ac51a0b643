// The event stream.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup EventCommands();

}  // namespace reeve::cli

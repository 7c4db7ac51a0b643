// Memory, block I/O and scheduling of domains.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup TuningCommands();

}  // namespace reeve::cli

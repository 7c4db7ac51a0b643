// What domains use, and what they have.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup MonitorCommands();

}  // namespace reeve::cli

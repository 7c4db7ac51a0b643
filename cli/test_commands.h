// Switches of the test driver: test wedge, release, end.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup TestCommands();

}  // namespace reeve::cli

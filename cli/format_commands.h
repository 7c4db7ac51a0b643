// Documents without a daemon: convert, validate.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup FormatCommands();

}  // namespace reeve::cli

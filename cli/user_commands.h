// The users of SASL, without a daemon: user add, passwd, list, remove.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup UserCommands();

}  // namespace reeve::cli

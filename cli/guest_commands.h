// What is done in guests.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup GuestCommands();

}  // namespace reeve::cli

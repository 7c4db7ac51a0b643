// Guests in files of the daemon's host: save, restore, save-image-dumpxml, dump, managedsave-remove.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup ImageCommands();

}  // namespace reeve::cli

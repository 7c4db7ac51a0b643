// Running domains: start, shutdown, reboot, destroy, suspend, resume, managedsave.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup LifecycleCommands();

}  // namespace reeve::cli

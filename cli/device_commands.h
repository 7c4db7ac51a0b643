// Devices of domains that are there already.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup DeviceCommands();

}  // namespace reeve::cli

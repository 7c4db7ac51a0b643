// PCI functions of the host: nodedev-list, nodedev-dumpxml, nodedev-detach, nodedev-reattach, nodedev-reset.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup NodeDeviceCommands();

}  // namespace reeve::cli

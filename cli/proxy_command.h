// reeve proxy: the far end of the ssh transport.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup ProxyCommands();

}  // namespace reeve::cli

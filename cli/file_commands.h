// Files of guests.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

Command FilePushCommand();
Command FilePullCommand();

}  // namespace reeve::cli

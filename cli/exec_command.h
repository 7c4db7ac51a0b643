// Commands in guests.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

Command ExecCommand();

}  // namespace reeve::cli

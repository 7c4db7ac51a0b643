// reeve pki: certificates, without a daemon.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup PkiCommands();

}  // namespace reeve::cli

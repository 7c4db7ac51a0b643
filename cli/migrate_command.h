// Moving a domain to another host: migrate.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup MigrateCommands();

}  // namespace reeve::cli

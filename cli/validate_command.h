// validate: all faults of documents, without a daemon.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

Command ValidateCommand();

}  // namespace reeve::cli

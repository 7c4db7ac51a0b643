// Editing a domain's definition.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

Command EditCommand();

}  // namespace reeve::cli

// Labels of domains.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

Command LabelCommand();

}  // namespace reeve::cli

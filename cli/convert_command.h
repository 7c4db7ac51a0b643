// convert: a document of one format written in another, without a daemon.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

Command ConvertCommand();

}  // namespace reeve::cli

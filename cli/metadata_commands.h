// Title, description and metadata of domains.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

Command DescCommand();
Command MetadataCommand();

}  // namespace reeve::cli

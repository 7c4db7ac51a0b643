// What domains are: list, dominfo, domstate, domid, domname, domuuid, domstats.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup DomainCommands();

}  // namespace reeve::cli

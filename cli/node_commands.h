// Host and hypervisors: version, hostname, nodeinfo, node cgroups, capabilities, uri, hypervisors, session, health.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup NodeCommands();

}  // namespace reeve::cli

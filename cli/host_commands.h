// Resources of the host: nodecpumap, nodecpustats, nodememstats, freecell, freepages, allocpages, node-memory-tune,
// nodesuspend, sysinfo.
#pragma once

#include "cli/command.h"

namespace reeve::cli {

CommandGroup HostCommands();

}  // namespace reeve::cli

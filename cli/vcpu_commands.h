// Virtual CPUs: setvcpus, vcpucount, vcpuinfo, vcpupin.
#pragma once

#include <vector>

#include "cli/command.h"

namespace reeve::cli {

// For the group of limits.
std::vector<Command> VcpuCommands();

}  // namespace reeve::cli

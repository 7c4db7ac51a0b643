// The long job of a domain, as virsh asks for it.
#pragma once

#include <vector>

#include "cli/command.h"

namespace reeve::cli {

// domjobinfo and domjobabort: the operation of a domain, without its number.
std::vector<Command> JobCommands();

}  // namespace reeve::cli

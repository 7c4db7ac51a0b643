// Finding a command by its name.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace reeve::cli {

// The command that `words` begin with, and in *count how many of them are its name; nullptr if there is none. A name of
// two words goes before one of one word.
const Command* FindCommand(const std::vector<CommandGroup>& groups, const std::vector<std::string>& words,
                           size_t* count);

}  // namespace reeve::cli

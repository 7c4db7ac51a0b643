// Help texts, made of the commands' descriptions.
#pragma once

#include <string>
#include <vector>

#include "cli/command.h"

namespace reeve::cli {

// Usage, global options, and all commands with their summaries.
std::string GeneralHelp(const std::vector<CommandGroup>& groups, bool color);

// One command in the manner of a manual page.
std::string CommandHelp(const Command& command, bool color);

// The line that follows a usage error: "see: reeve help list".
std::string SeeHelp(const Command* command);

// "list [--all] ...".
std::string Synopsis(const Command& command);

}  // namespace reeve::cli

// The program reeve.
#pragma once

#include <string>
#include <vector>

namespace reeve::cli {

// Runs reeve with the words behind its name; gives the exit code.
int RunApplication(const std::vector<std::string>& words);

}  // namespace reeve::cli

// Completion, for the shell of reeve and for bash.
#pragma once

#include <string>
#include <vector>

#include "cli/context.h"

namespace reeve::cli {

// What the last of `words` can become: commands, options, domain names, files ... `words` are those behind the
// program's name, up to the cursor. With `global_options` they may begin with those, and a --connect among them is
// used. Asks the daemon for names, at most two seconds; errors give no candidates.
std::vector<std::string> Complete(Context& context, std::vector<std::string> words, bool global_options);

}  // namespace reeve::cli

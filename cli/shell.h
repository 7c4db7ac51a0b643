// The interactive shell.
#pragma once

#include "cli/context.h"

namespace reeve::cli {

// Reads command lines from the standard input until its end or quit, and runs them: on a terminal with a prompt,
// editing, history (XDG_STATE_HOME/reeve/history) and completion, else as a script. Gives the exit code: on a terminal
// kExitOk, of a script the first that is not 0.
int RunShell(Context& context);

}  // namespace reeve::cli

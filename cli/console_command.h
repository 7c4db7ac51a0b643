// The console of a domain.
#pragma once

#include <cstdint>
#include <string>

#include "cli/command.h"

namespace reeve::cli {

// How to attach.
struct ConsoleChoice {
  uint32_t console = 0;
  bool force = false;
  bool read_only = false;
  bool no_replay = false;
};

// Joins the terminal to the console of the domain of that resource name until the guest ends, Ctrl-] is typed, or the
// connection is lost; gives the exit code. Without a terminal the standard input is sent to the guest up to its end,
// and the output followed further, until the guest ends or Ctrl-C.
int RunConsole(Context& context, const std::string& domain, const ConsoleChoice& choice);

CommandGroup ConsoleCommands();

}  // namespace reeve::cli

// What reeved is told when it is started.
#pragma once

#include <optional>
#include <string>

#include "util/log.h"

namespace reeve {

// sysexits.h where it has a code.
enum ExitCode : int {
  kExitOk = 0,              // ended as asked
  kExitRunsAlready = 1,     // another reeved has this root directory
  kExitUsage = 64,          // the command line is wrong
  kExitSoftware = 70,       // a fault in Reeve, or calls that hung when it ended
  kExitOsError = 71,        // the system refused what the daemon needs
  kExitCannotCreate = 73,   // a directory, socket, log file or the store cannot be made or opened
  kExitConfiguration = 78,  // the configuration file is wrong
};

struct CommandLine {
  enum class Action { kServe, kCheckConfig, kPrintConfig };
  Action action = Action::kServe;
  std::string root = "/";
  std::string config_file;                  // empty: etc/reeve/reeved.toml below the root
  std::optional<util::LogLevel> log_level;  // before that of the configuration
};

// Where parsing ends: either there is a command line, or the program has printed what it had to and ends with
// `exit_code`.
struct CommandLineResult {
  std::optional<CommandLine> command_line;
  int exit_code = kExitOk;
  std::string output;  // for stdout if exit_code is 0, else for stderr
};

CommandLineResult ParseCommandLine(int argc, const char* const* argv);

}  // namespace reeve

// The daemon as a process.
#pragma once

namespace reeve {

class Daemon {
 public:
  // Does what the command line asks (command_line.h, "reeved --help") and returns the exit code: serves until SIGTERM
  // or SIGINT, or checks or prints the configuration. Changes the process's signal mask, umask (077) and limit of open
  // files. Guests go on when it returns.
  static int Run(int argc, const char* const* argv);
};

}  // namespace reeve

#include "daemon/command_line.h"

#include <CLI/CLI.hpp>
#include <sstream>

#include "util/version.h"

namespace reeve {
namespace {

constexpr char kFooter[] =
    "Signals: SIGTERM and SIGINT end the daemon, guests go on; SIGHUP reads the configuration again.\n"
    "\n"
    "Exit codes: 0 ended as asked; 1 another reeved runs with this root directory; 64 wrong command line;\n"
    "70 a fault, or calls that hung at the end; 71 the system refused something; 73 a directory, socket, log\n"
    "file or the store cannot be made or opened; 78 wrong configuration.";

}  // namespace

CommandLineResult ParseCommandLine(int argc, const char* const* argv) {
  CommandLine command_line;
  bool check = false;
  bool print = false;
  std::string level;
  CLI::App app("reeved keeps the domains of this node. It stays in the foreground.", "reeved");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("reeved ") + util::kVersion);
  app.add_option("--config", command_line.config_file,
                 "Configuration file; by default etc/reeve/reeved.toml below the root directory")
      ->type_name("FILE");
  app.add_option("--root", command_line.root, "Root directory: every path of the daemon is below it; made if missing")
      ->type_name("DIR")
      ->default_str("/");
  app.add_flag("--check-config", check, "Check the configuration and end");
  app.add_flag("--print-config", print, "Print the configuration in effect and end")
      ->excludes(app.get_option("--check-config"));
  bool foreground = true;
  app.add_flag("--foreground", foreground, "Stay in the foreground, which it always does");
  app.add_option("--log-level", level, "Log level, in place of the configured one")
      ->type_name("LEVEL")
      ->check(CLI::IsMember({"trace", "debug", "info", "warn", "error", "off"}));

  CommandLineResult result;
  // CLI11 tells everything, also --help, by exceptions.
  try {
    app.parse(argc, argv);
    if (command_line.root.empty()) throw CLI::ValidationError("--root", "the directory is empty");
    if (app.count("--config") > 0 && command_line.config_file.empty()) {
      throw CLI::ValidationError("--config", "the file name is empty");
    }
  } catch (const CLI::ParseError& error) {
    std::ostringstream output;
    result.exit_code = app.exit(error, output, output) == 0 ? kExitOk : kExitUsage;
    result.output = output.str();
    return result;
  }
  if (check) command_line.action = CommandLine::Action::kCheckConfig;
  if (print) command_line.action = CommandLine::Action::kPrintConfig;
  if (!level.empty()) command_line.log_level = util::ParseLogLevel(level);
  result.command_line = std::move(command_line);
  return result;
}

}  // namespace reeve

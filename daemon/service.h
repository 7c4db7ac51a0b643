// The time between start and end.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "absl/status/statusor.h"
#include "daemon/assembly.h"
#include "daemon/config.h"
#include "daemon/paths.h"
#include "daemon/signals.h"
#include "util/log.h"

namespace reeve {

struct ServiceOptions {
  Config config;                            // with which the assembly is made
  std::optional<util::LogLevel> log_level;  // if set, goes before that of the configuration
  // Makes what serves.
  std::function<absl::StatusOr<std::unique_ptr<Assembly>>()> assemble;
  // Reads the configuration again.
  std::function<ParsedConfig()> load;
  // How much longer than drain_seconds the end may take before the process is left as it is.
  absl::Duration end_grace = absl::Seconds(5);
};

// Makes the assembly, serves until SIGTERM or SIGINT, and returns the exit code. On SIGHUP the configuration is read
// again: if it is sound it takes effect as far as it is live, else the present one stays. The service manager hears of
// all of it; its watchdog hears of the daemon only while clients are answered. Leaves the process, with kExitSoftware,
// when calls hang at the end.
int RunService(const Paths& paths, ServiceOptions options, Signals* signals);

}  // namespace reeve

// The log as the configuration wants it.
#pragma once

#include "absl/status/status.h"
#include "daemon/config.h"
#include "daemon/paths.h"

namespace reeve {

// Opens the target anew, also if it is the same as before (a file may have been moved away), and sets the level. Where
// there is no journal, lines go to stderr. On an error the log stays as it was.
absl::Status SetUpLog(const Config::Log& config, util::LogLevel level, const Paths& paths);

// gRPC's own messages go to the log, too: its errors as warnings, the rest as debug.
void SetUpLibraryLogs();

}  // namespace reeve

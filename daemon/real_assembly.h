// The parts of the daemon, put together.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/assembly.h"
#include "daemon/config.h"
#include "daemon/listen_fds.h"
#include "daemon/paths.h"

namespace reeve {

struct AssemblyOptions {
  Config config;
  bool group_given = false;  // as for OpenListeners
  std::vector<PassedSocket> passed;
  absl::Time start_time;
};

// Makes the drivers, recovers the state and the guests, and opens the sockets. The error says which part failed;
// nothing is left open then. Directories and log must be there.
absl::StatusOr<std::unique_ptr<Assembly>> Assemble(const Paths& paths, AssemblyOptions options);

}  // namespace reeve

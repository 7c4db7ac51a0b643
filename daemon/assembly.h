// The parts of the daemon, put together, as the process sees them.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/config.h"

namespace reeve {

// Serves from the time it is made until End. Not thread-safe: the daemon's main thread owns it.
class Assembly {
 public:
  virtual ~Assembly() = default;

  // Starts the domains that start with the daemon, once per boot of the host; returns at once.
  virtual void Autostart() = 0;
  // "12 domains, 3 running, 5 clients".
  virtual std::string StatusText() const = 0;
  // Whether clients are served and the state answers; see liveness.h. Blocks up to `timeout`.
  virtual absl::Status CheckLiveness(absl::Duration timeout) const = 0;

  // Takes over what of a new configuration is live and not of the log: limits of clients and calls, for those that come
  // from now on, the window of the journal, and roles, which count at once for everybody.
  virtual void Apply(const Config& config) = 0;

  // Lets nobody in any more, waits for the calls in flight at most so long, and leaves the guests alone. After an error
  // (DEADLINE_EXCEEDED: a driver hangs) the process must be left without destroying this.
  virtual absl::Status End(absl::Duration timeout) = 0;
};

}  // namespace reeve

// What the service manager is told (sd_notify(3)).
#pragma once

#include <string>

#include "absl/strings/string_view.h"
#include "absl/time/time.h"

namespace reeve {

// Does nothing where there is no NOTIFY_SOCKET; a message that cannot be sent is logged, for the daemon can do without.
// Not thread-safe.
class Notifier {
 public:
  // Whether anybody listens.
  static bool Wanted();
  // WATCHDOG_USEC, if it is set and meant for this process; else infinite.
  static absl::Duration WatchdogTimeout();

  void Ready(absl::string_view status);
  // Sent only when it differs from the last.
  void Status(absl::string_view status);
  // With MONOTONIC_USEC, as Type=notify-reload of newer managers wants it; end it with Ready.
  void Reloading(absl::Duration monotonic);
  void Stopping();
  // The daemon is alive.
  void Watchdog();

 private:
  void Send(const std::string& message);

  std::string last_status_;
};

}  // namespace reeve

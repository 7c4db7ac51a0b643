// The gRPC server. It has no ports: connections come from the acceptor, one descriptor each.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/connections/table.h"
#include "daemon/services/dispatcher.h"

namespace reeve::services {

// Thread-safe. Dispatcher and table outlive it. Stop in this order: Acceptor::StopListening, Shutdown, ~Acceptor,
// ~Server.
class Server {
 public:
  struct Options {
    // A ping after so long a silence, and how long to wait for its answer; infinite: none. Local sockets need none, the
    // kernel tells of every end, and a client that is stopped in a terminal shall keep its connection.
    absl::Duration keepalive_time = absl::InfiniteDuration();
    absl::Duration keepalive_timeout = absl::Seconds(20);
  };

  // Builds and starts the server, then proves on a socketpair that gRPC names a transport by the number of its
  // descriptor: all authentication rests on it. An error when it does not, or when the dispatcher's registration
  // failed.
  static absl::StatusOr<std::unique_ptr<Server>> Start(Dispatcher* dispatcher, connections::Table* table,
                                                       const Options& options);
  // Shuts down at once if that has not been done.
  virtual ~Server() = default;

  // Serves a connection that is in the table under `descriptor`, and owns the descriptor.
  virtual void HandOver(int descriptor) = 0;
  // New calls get DAEMON_DRAINING, and so do the streams that are open. Calls in flight go on.
  virtual void Drain() = 0;
  // Drains, waits for the calls in flight, cancels what is left at the deadline, and returns when no handler runs any
  // more. Clients without a call get a second to close their connection.
  virtual void Shutdown(absl::Time deadline) = 0;
  // Streams open now.
  virtual size_t streams() const = 0;
};

}  // namespace reeve::services

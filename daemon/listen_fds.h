// Sockets that systemd has made for us (sd_listen_fds(3)).
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "util/fd.h"

namespace reeve {

struct PassedSocket {
  util::UniqueFd socket;
  bool read_only = false;
  bool tls = false;  // a TCP socket for TLS clients; else a Unix socket
};

// Takes over what LISTEN_FDS, LISTEN_FDNAMES and LISTEN_PID describe; empty when nothing is meant for this process. The
// name "reeve" is a Unix socket for all, "reeve-ro" a read-only one, "reeve-tls" a TCP socket for TLS clients.
// INVALID_ARGUMENT for other names and for what is not a listening stream socket of that kind: such a socket must not
// be served by guess. The descriptors become close-on-exec and the variables are removed; call it once, before there
// are threads.
absl::StatusOr<std::vector<PassedSocket>> TakePassedSockets();

}  // namespace reeve

// The sockets that the daemon serves.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "daemon/config.h"
#include "daemon/connections/listener.h"
#include "daemon/listen_fds.h"
#include "daemon/paths.h"

namespace reeve {

// Those that systemd has passed, if there are any; else those of the configuration, below the root directory.
// `group_given`: the configuration names the group, so it must exist; else the daemon's own group is taken where the
// default one is missing.
absl::StatusOr<std::vector<connections::Listener>> OpenListeners(const Config::Listen& config, bool group_given,
                                                                 const Paths& paths, std::vector<PassedSocket> passed);

}  // namespace reeve

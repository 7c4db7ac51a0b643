// TLS as the configuration wants it.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "daemon/config.h"
#include "daemon/connections/tcp_listener.h"
#include "daemon/connections/tls_terminator.h"
#include "daemon/listen_fds.h"
#include "daemon/paths.h"

namespace reeve {

// Where the files are now: those that the configuration names, else the first that is there of the defaults
// (packaging/reeved.toml), which are libvirt's layout below /etc/pki, with "reeve" before "libvirt".
connections::TlsPaths TlsLocations(const Config::Tls& config, const Paths& paths);

// Those that systemd has passed, if there are any; else those of the configuration.
absl::StatusOr<std::vector<connections::TcpListener>> OpenTlsListeners(const Config::Tls& config,
                                                                       std::vector<PassedSocket> passed);

// Everything but the listeners.
connections::TlsTerminator::Settings TlsSettings(const Config& config, const Paths& paths);

}  // namespace reeve

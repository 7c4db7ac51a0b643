// Transient scopes of systemd: a process that shall outlive the service that started it needs a unit of its own.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"

namespace reeve::util {

// What the scope is.
struct SystemdScope {
  std::string name;         // "reeve-6a5c....scope": [A-Za-z0-9:_.-], at most 255 bytes, unique on the host
  std::string description;  // one line for `systemctl status`
  std::string slice;        // "machine.slice"
};

// Whether systemd is the host's init (sd_booted(3)).
bool SystemdIsInit();

// Moves process `pid` into a new scope (StartTransientUnit, org.freedesktop.systemd1(5)) and returns when systemd has
// done so. Its group, with all controllers that systemd has, is the caller's (Delegate=yes). The scope goes when its
// last process does; one of the same name that is just going is waited for. UNAVAILABLE without a bus,
// DEADLINE_EXCEEDED after `timeout`. Thread-safe.
absl::Status MakeSystemdScope(const SystemdScope& scope, pid_t pid, absl::Duration timeout = absl::Seconds(10));

}  // namespace reeve::util

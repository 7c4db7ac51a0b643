// Open files of the process at the other end of a Unix connection.
#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "daemon/connections/connection.h"
#include "util/fd.h"

namespace reeve::connections {

// Duplicates of what that process has open under `numbers`, in this order; close-on-exec. DESCRIPTOR_INVALID when the
// peer is not a process of this host, has ended (another one that got its number is not taken for it), has nothing open
// under a number, or may not be asked. Thread-safe; blocks for the time of a few system calls.
//
// The daemon must not take with its own rights what the caller could not give away: a program that he executed with
// more rights than he has (set-user-ID) is still the process of the connection. So the kernel decides, as if the user
// of the connection were to trace that process (ptrace(2), "Ptrace access mode checking") without the capability to
// trace any: it refuses when the process has other ids by now, or hides from its user (PR_SET_DUMPABLE of prctl(2), as
// `reeve proxy` does, whose files are not those of its far end).
absl::StatusOr<std::vector<util::UniqueFd>> TakeCallerFiles(const Peer& peer, const std::vector<int>& numbers);

}  // namespace reeve::connections

// What the first process keeps of the supervisor's rights.
#pragma once

#include <cstdint>

#include "drivers/lxc/supervisor/failure.h"

namespace reeve::lxc {

// Drops the capabilities that are not in `keep` (bit n: capability n) from the bounding set, becomes user and group,
// then drops them from the other sets (capabilities(7)). Supplementary groups are given up.
bool ReducePrivileges(uint64_t keep, uint32_t user, uint32_t group, Failure* failure);

// Installs a filter for this process and all that come of it (seccomp(2)); nothing when `program` is empty. Takes the
// right to administer the user namespace.
bool FilterSystemCalls(const std::string& program, Failure* failure);

// Limits and scores that a daemon may have changed for itself and a guest must not inherit.
bool ResetLimits(Failure* failure);

}  // namespace reeve::lxc

// The processes of a group.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "cgroups/hierarchies.h"

namespace reeve::cgroups {

// Ids of the processes in the group `path` and below it, in one hierarchy; ascending, each once. Groups that vanish
// meanwhile are left out; so a group that is gone has none.
absl::StatusOr<std::vector<pid_t>> ListProcesses(const Hierarchies& hierarchies, int hierarchy,
                                                 const std::string& path);

// The group `path` and all below it, the deepest first, bounded at 4096 groups. A group that is gone gives none.
absl::StatusOr<std::vector<std::string>> ListSubtree(const Hierarchies& hierarchies, int hierarchy,
                                                     const std::string& path);

}  // namespace reeve::cgroups

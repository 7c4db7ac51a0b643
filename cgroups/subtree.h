// Making and removing the directories of a group in one hierarchy.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "cgroups/hierarchies.h"

namespace reeve::cgroups {

// Makes the group `path` ready for processes, with the groups above it as needed: v1 cpusets filled, v2 controllers
// that Reeve uses enabled down the path, from the group `delegated` on, which is "" or one above `path`: those above it
// are somebody else's (systemd's). ALREADY_EXISTS, and nothing changed, when it is there; after another error the group
// may be there (RemoveSubtree).
absl::Status MakeGroup(const Hierarchies& hierarchies, int hierarchy, const std::string& path,
                       const std::string& delegated = "");

// Removes the group and those below it; what is gone is fine. Waits for processes that are ending, at most `*left`,
// which is reduced by what was waited. DEADLINE_EXCEEDED names the processes that are still there.
absl::Status RemoveSubtree(const Hierarchies& hierarchies, int hierarchy, const std::string& path,
                           absl::Duration* left);

}  // namespace reeve::cgroups

// Whether this host can run containers.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "cgroups/hierarchies.h"

namespace reeve::lxc {

// Of uname(2): "6.1.0-18-amd64" and "x86_64"; empty where it cannot be asked.
std::string KernelRelease();
std::string Machine();

// Why guests cannot run here; OK when they can. `hierarchies` is null where there are no control groups, for the reason
// `unavailable`; `supervisor_path` is the program beside each guest.
absl::Status FindObstacle(const cgroups::Hierarchies* hierarchies, const absl::Status& unavailable,
                          const std::string& supervisor_path);

}  // namespace reeve::lxc

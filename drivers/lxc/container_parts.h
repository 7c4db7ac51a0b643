// What a container is made of, on the host.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "cgroups/group.h"
#include "drivers/driver.h"
#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/run_directory.h"
#include "drivers/lxc/supervisor_group.h"
#include "drivers/lxc/supervisor_process.h"

namespace reeve::lxc {

// Every part may be missing in what an earlier daemon has left.
struct ContainerParts {
  drivers::DomainKey key;
  LaunchPlan plan;
  std::optional<RunDirectory> directory;
  std::optional<SupervisorGroup> supervisor_group;
  std::optional<cgroups::Group> group;
  SupervisorProcess supervisor;  // pid 0: none
};

// Ends and removes all of it: kills what runs, reaps the supervisor, removes groups and directory. Every part is tried;
// the first error is returned, and what could not be removed stays in `parts`. `signal`, if given, gets the signal that
// killed the supervisor, 0 if none.
absl::Status RemoveParts(ContainerParts* parts, int* signal = nullptr);

}  // namespace reeve::lxc

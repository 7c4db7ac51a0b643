// Starting the process beside a guest.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "cgroups/group.h"
#include "drivers/lxc/launch_plan.h"
#include "util/fd.h"

namespace reeve::lxc {

// A supervisor that was started, or found again. Move-only; the process outlives the object.
struct SupervisorProcess {
  pid_t pid = 0;
  bool in_group = false;  // it was born in the group that it was to be born in
  util::UniqueFd pidfd;
  util::UniqueFd control;  // SOCK_SEQPACKET, messages.h
};

// Starts the program that is open as `program` (`name` is for messages) for the guest of `plan` whose run directory is
// open as `run_directory`: in a session of its own, with nothing of ours open but its end of the control connection,
// that directory and what it is to hold as long as it lives. In the group of `group`; where there is none, or the
// kernel cannot (clone3(2) with CLONE_INTO_CGROUP: Linux 5.7; here x86-64), in ours. Thread-safe.
absl::StatusOr<SupervisorProcess> SpawnSupervisor(int program, const std::string& name, const LaunchPlan& plan,
                                                  int run_directory, const std::vector<util::UniqueFd>& held,
                                                  const cgroups::AttachTargets* group);

// Waits for the end of a supervisor, and reaps it when it is our child. The signal that killed it, 0 when it has exited
// or when nobody can say (it is the child of another process since a restart of the daemon). None when it has not ended
// in time: it hangs in the kernel, or a debugger holds it, dead, back from us (ptrace(2)).
std::optional<int> ReapSupervisor(const SupervisorProcess& supervisor, absl::Duration patience = absl::Seconds(2));

}  // namespace reeve::lxc

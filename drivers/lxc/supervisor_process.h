// Starting the process beside a guest.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drivers/lxc/launch_plan.h"
#include "util/fd.h"

namespace reeve::lxc {

// A supervisor that was started, or found again. Move-only; the process outlives the object.
struct SupervisorProcess {
  pid_t pid = 0;
  util::UniqueFd pidfd;
  util::UniqueFd control;  // SOCK_SEQPACKET, messages.h
};

// Starts the program that is open as `program` (`name` is for messages) for the guest of `plan` whose run directory is open as `run_directory`: in a session of its own,
// with nothing of ours open but its end of the control connection, that directory and what it is to hold as long as it
// lives. Thread-safe.
absl::StatusOr<SupervisorProcess> SpawnSupervisor(int program, const std::string& name, const LaunchPlan& plan,
                                                  int run_directory, const std::vector<util::UniqueFd>& held);

// Waits for the end of a supervisor whose pidfd is ready, and reaps it when it is our child. The signal that killed it,
// 0 when it has exited or when nobody can say (it is the child of another process since a restart of the daemon).
int ReapSupervisor(const SupervisorProcess& supervisor);

}  // namespace reeve::lxc

#include "drivers/lxc/container_parts.h"

#include <csignal>

#include "absl/strings/str_cat.h"
#include "util/pidfd.h"

namespace reeve::lxc {

absl::Status RemoveParts(ContainerParts* parts, int* signal) {
  absl::Status status;
  if (parts->group) {
    // The guest's first process has ended, or does so with its supervisor; others may have been put into the group.
    // Whether there are any, the kernel says sooner by removing the group than by listing them in every hierarchy.
    if (parts->group->Remove(absl::ZeroDuration()).ok()) {
      parts->group.reset();
    } else {
      status.Update(parts->group->Kill());
    }
  }
  if (parts->supervisor.pid != 0) {
    (void)util::SignalPidfd(parts->supervisor.pidfd.get(), SIGKILL);  // ESRCH: it has ended, as it should have
    const std::optional<int> killed_by = ReapSupervisor(parts->supervisor);
    if (killed_by) {
      if (signal != nullptr) *signal = *killed_by;
      parts->supervisor = SupervisorProcess();
    } else {
      status.Update(absl::DeadlineExceededError(
          absl::StrCat("the supervisor, pid ", parts->supervisor.pid, ", was killed and does not end")));
    }
  }
  if (parts->group) {
    absl::Status removed = parts->group->Remove();
    if (removed.ok()) parts->group.reset();
    status.Update(removed);
  }
  if (parts->supervisor_group) {
    absl::Status removed = parts->supervisor_group->Remove();
    if (removed.ok()) parts->supervisor_group.reset();
    status.Update(removed);
  }
  if (parts->directory) {
    absl::Status removed = parts->directory->Remove();
    if (removed.ok()) parts->directory.reset();
    status.Update(removed);
  }
  return status;
}

}  // namespace reeve::lxc

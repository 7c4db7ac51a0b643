// The tasks that the daemon has a supervisor do in the guest: a helper process for each, and the commands they leave.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "drivers/lxc/guest_task.h"
#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/supervisor/launch.h"
#include "drivers/lxc/supervisor/live_devices.h"
#include "util/fd.h"

namespace reeve::lxc {

// Changes of devices that take milliseconds it does itself. `plan` and `guest` are the supervisor's, and outlive it.
// Not thread-safe; never waits for a helper. Uses an epoll instance of the caller, whose events' data it fills in with
// `tag` in the highest byte; the caller hands events with that tag to Handle. A task whose daemon hangs up is ended, a
// detached command is not.
class Tasks {
 public:
  Tasks(int epoll, uint8_t tag, LaunchPlan* plan, Guest* guest)
      : epoll_(epoll), tag_(tag), plan_(plan), guest_(guest), devices_(plan, guest) {}

  // Takes the socket of a task, in which the request lies. `group` is the guest's v2 directory or -1. What cannot be
  // begun is reported to the daemon.
  void Begin(int group, util::UniqueFd session);
  void Handle(uint64_t data);
  // The guest has ended: so does every task.
  void EndAll();

 private:
  enum class Part : uint8_t { kSession = 1, kStatus, kHelper, kCommand };

  struct Task {
    util::UniqueFd session;  // to the daemon; empty with all others: free
    util::UniqueFd status;   // to the helper
    util::UniqueFd helper;   // pidfd
    util::UniqueFd command;  // pidfd
    int64_t command_pid = 0;
    TaskKind kind = TaskKind::kExecute;
    DevicePlan devices;      // of a change of file systems
    util::UniqueFd backing;  // likewise
    bool is_command = false;
    bool detach = false;
    bool started = false;  // told to the daemon
    bool over = false;     // ended or failed, as the daemon has been told
    util::UniqueFd terminal;
  };

  uint64_t Data(Part part, size_t index) const;
  bool Watch(int fd, Part part, size_t index) const;
  bool Fork(int group, const TaskRequest& request, std::vector<util::UniqueFd> streams, Task* task);
  // Takes a change of devices; true: it is done already.
  bool ChangeDevices(const TaskRequest& request, std::vector<util::UniqueFd>* streams, Task* task);
  void HandleSession(Task* task);
  void HandleStatus(size_t index);
  void TakeChild(const std::string& bytes, std::vector<util::UniqueFd> descriptors, size_t index);
  void HandleHelper(Task* task);
  void HearRest(Task* task);
  void HandleCommand(Task* task);
  void TellStarted(Task* task);
  void Report(Task* task, TaskReport report, int descriptor = -1);
  void Fail(Task* task, const std::string& text, int error);
  void Abandon(Task* task);
  void FreeIfOver(Task* task);

  const int epoll_;
  const uint8_t tag_;
  LaunchPlan* const plan_;
  Guest* const guest_;
  LiveDevices devices_;
  std::vector<Task> tasks_;
};

}  // namespace reeve::lxc

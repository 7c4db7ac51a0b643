// The process beside each container: launches it, owns its consoles, waits for its end and records it. Survives the
// daemon.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "drivers/lxc/messages.h"
#include "drivers/lxc/supervisor/console_hub.h"
#include "drivers/lxc/supervisor/launch.h"
#include "drivers/lxc/supervisor/tasks.h"

namespace reeve::lxc {

// One supervisor, one thread, one epoll loop; nothing in it polls. Its files are in the run directory: "plan" is read,
// "control" is the socket for later daemons, "exit" is written at the end.
class Supervisor {
 public:
  // Takes the daemon's end of the control connection and the run directory.
  Supervisor(util::UniqueFd daemon, util::UniqueFd run_directory);

  // From the plan to the end of the guest. The exit code for main: 0 when the guest has run and its end is recorded.
  int Run();

 private:
  bool LaunchFirst(Failure* failure);
  bool ReadPlan(Failure* failure);
  bool Listen(Failure* failure);
  bool AwaitGo(Preparation* preparation, Failure* failure);
  // The loop; returns when the guest has ended for good.
  void Serve();
  void HandleDaemon();
  void HandleMessage(const Message& message, util::UniqueFd fd);
  void Accept();
  // The first process has ended: launches it again, or fills in exit_. Returns whether the guest has ended for good.
  bool HandleEnd();
  bool Relaunch(Failure* failure);
  bool WatchGuest();
  void Report(MessageKind kind, bool flag);
  void ReportFailure(const Failure& failure);
  void Send(Message message, int fd);
  void WriteExit();
  uint64_t CountOutOfMemoryKills() const;

  util::UniqueFd daemon_;
  util::UniqueFd run_directory_;
  util::UniqueFd listener_;
  util::UniqueFd group_;  // v2 directory of the guest's group, if there is one
  util::UniqueFd epoll_;
  LaunchPlan plan_;
  Guest guest_;
  std::optional<ConsoleHub> consoles_;
  std::optional<Tasks> tasks_;
  bool asked_to_end_ = false;
  bool asked_to_reboot_ = false;
  bool ready_ = false;  // waits for Proceed
  uint64_t kills_before_ = 0;
  ExitRecord exit_;
};

}  // namespace reeve::lxc

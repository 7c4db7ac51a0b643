// A guest that runs, as the daemon sees it: its supervisor, its groups, its run directory.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "cgroups/device_rules.h"
#include "cgroups/location.h"
#include "drivers/driver.h"
#include "drivers/lxc/console_link.h"
#include "drivers/lxc/container_parts.h"
#include "drivers/lxc/event_loop.h"
#include "drivers/lxc/exit_report.h"
#include "drivers/lxc/statistics.h"

namespace reeve::lxc {

// Called when the guest has ended and before anything of it is removed.
using Stopped = std::function<void()>;

// Thread-safe. The guest outlives the object. Start and Adopt (driver) make it when its first process runs; the event
// loop then tells of its end, once.
class Container : public std::enable_shared_from_this<Container> {
 public:
  // Called on the event loop's thread when the guest has ended by itself; Finish is to be called then, on another
  // thread.
  using Ended = std::function<void(const std::shared_ptr<Container>&)>;
  using Rebooted = std::function<void(const drivers::DomainKey&, const drivers::RunningGuest&, bool requested)>;

  // `parts` has a group. `started` is the supervisor's message about the first process, `pidfd` what came with it.
  Container(std::shared_ptr<EventLoop> loop, ContainerParts parts, const Message& started, util::UniqueFd pidfd);

  // Watches the supervisor. `paused` is how the guest stands now.
  absl::Status Watch(bool paused, Ended ended, Rebooted rebooted);
  // Stops watching; the guest goes on.
  void Forget();

  const drivers::DomainKey& key() const { return key_; }
  drivers::RunningGuest Describe() const;
  // A pidfd of its first process; empty when it has ended.
  util::UniqueFd FirstProcess() const;
  // As it runs now.
  LaunchPlan plan() const;
  // Keeps what has changed of its devices, also for a later daemon.
  absl::Status ReplacePlan(const LaunchPlan& plan);
  absl::Status SetDevices(const cgroups::DeviceRules& rules);
  // By a signal.
  absl::Status Shutdown();
  absl::Status Reboot();
  // Note that the guest has been asked in another way.
  absl::Status ExpectEnd();
  absl::Status ExpectReboot();
  absl::Status Kill(uint32_t signal);
  absl::Status Suspend();
  absl::Status Resume();
  absl::StatusOr<drivers::GuestExit> Destroy(const Stopped& stopped);
  // `sweep` is of the calling thread.
  absl::StatusOr<v1::DomainStatistics> Sample(Sweep* sweep) const;
  // Of its control group, below the root of each hierarchy.
  const std::string& group_path() const { return group_.path; }
  // What limits are in force.
  absl::Status ReadTuning(v1::DomainTuning* tuning) const;
  absl::StatusOr<std::unique_ptr<drivers::Console>> OpenConsole(const drivers::ConsoleOptions& options,
                                                                drivers::ConsoleReader reader);
  absl::Status Tune(const v1::DomainSpec& before, const v1::DomainSpec& after);
  // Hands the far end of a task's socket to the supervisor. DOMAIN_STATE when the guest is paused, unless
  // `also_paused`.
  absl::Status StartTask(util::UniqueFd far, bool also_paused);
  // Cleans up behind a guest that has ended by itself. `leftover` gets what could not be removed, if anything.
  drivers::GuestExit Finish(const Stopped& stopped, std::optional<ContainerParts>* leftover);

  // What Destroy could not remove in time, once; for the cleaner.
  std::optional<ContainerParts> TakeLeftover();

 private:
  absl::Status Attach() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // False when the connection has ended: the supervisor has, too, or is about to, which its pidfd tells.
  bool HandleControl();
  void HandleSupervisorEnd();
  // Without the event loop. False when the time is over.
  bool AwaitEnd(absl::Duration timeout);
  // The guest has ended: tells whoever waits for it.
  void BeginEnd();
  absl::Status Ask(MessageKind kind, uint32_t number);
  absl::Status RefuseEnded() const ABSL_SHARED_LOCKS_REQUIRED(mutex_);
  // Does something with the group, which may vanish meanwhile: then the domain has ended, whatever the file said.
  absl::Status InGroup(absl::FunctionRef<absl::Status(const cgroups::Location&)> action) const;
  std::optional<ExitRecord> TakeRecord();

  const std::shared_ptr<EventLoop> loop_;
  // Constant until the end, then of the thread that cleans up; but for the devices of the plan, which mutex_ guards.
  ContainerParts parts_;
  // These are needed also when what could not be removed has been given to the cleaner, or is just being removed.
  const drivers::DomainKey key_;
  const cgroups::Location group_;
  Ended ended_callback_;
  Rebooted rebooted_callback_;

  mutable absl::Mutex mutex_;
  drivers::RunningGuest guest_ ABSL_GUARDED_BY(mutex_);
  util::UniqueFd pidfd_ ABSL_GUARDED_BY(mutex_);
  bool destroying_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<ExitRecord> record_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::weak_ptr<ConsoleLink>> writers_ ABSL_GUARDED_BY(mutex_);
  uint64_t control_key_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t supervisor_key_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<ContainerParts> leftover_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::lxc

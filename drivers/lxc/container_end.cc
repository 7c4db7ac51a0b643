// How a container is seen to end, and is ended.
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "drivers/lxc/container.h"
#include "drivers/lxc/host_ends.h"
#include "proto/status.h"
#include "util/pidfd.h"

namespace reeve::lxc {
namespace {

// A first process that has been killed and does not end hangs in the kernel, on a dead file server for instance.
constexpr absl::Duration kKillTimeout = absl::Seconds(30);
constexpr absl::Duration kReportTimeout = absl::Seconds(2);

// The first process of a guest whose supervisor was killed becomes ours when we are pid 1 or a subreaper (prctl(2));
// else somebody else reaps it.
void ReapOrphan(const util::UniqueFd& pidfd) {
  siginfo_t info = {};
  (void)waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG);
}

}  // namespace

absl::StatusOr<drivers::GuestExit> Container::Destroy(const Stopped& stopped) {
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = RefuseEnded(); !status.ok()) return status;
    destroying_ = true;
    // The kernel kills everything in the pid namespace with its first process (pid_namespaces(7)).
    (void)util::SignalPidfd(pidfd_.get(), SIGKILL);  // ESRCH: it has just ended
    if (guest_.paused) {
      // What is frozen dies only when it is thawed; Kill does both.
      if (absl::Status status = parts_.group->Kill(); !status.ok()) {
        destroying_ = false;
        return WithContext("kill", WithReason(v1::REASON_DRIVER_FAILED, status));
      }
    }
  }
  // From here on we look ourselves: one thread less to be waited for.
  Forget();
  // A supervisor that stands still (SIGSTOP, a frozen group) does not report; its own end is seen all the same.
  if (!AwaitEnd(kReportTimeout)) (void)util::SignalPidfd(parts_.supervisor.pidfd.get(), SIGKILL);
  if (!AwaitEnd(kKillTimeout)) {
    absl::MutexLock lock(&mutex_);
    destroying_ = false;
    const absl::Status status =
        Error(v1::REASON_DRIVER_FAILED, "kill: its first process was killed and does not end; it hangs in the kernel");
    const absl::Status watched = Attach();
    return watched.ok() ? status : WithContext(absl::StrCat("(and then: ", watched.message(), ")"), status);
  }
  const absl::Time now = absl::Now();
  const std::optional<ExitRecord> record = TakeRecord();
  stopped();
  const bool removed = RemoveParts(&parts_).ok();
  absl::MutexLock lock(&mutex_);
  if (!removed) leftover_ = std::move(parts_);
  ReapOrphan(pidfd_);
  return ReportDestroyed(record, now);
}

bool Container::AwaitEnd(absl::Duration timeout) {
  const absl::Time deadline = absl::Now() + timeout;
  pollfd ready[] = {{parts_.supervisor.control.get(), POLLIN, 0}, {parts_.supervisor.pidfd.get(), POLLIN, 0}};
  for (;;) {
    {
      absl::MutexLock lock(&mutex_);
      if (ended_) return true;
    }
    const absl::Duration left = deadline - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    if (poll(ready, 2, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1) <= 0) continue;
    if (ready[0].revents != 0 && !HandleControl()) ready[0].fd = -1;
    if (ready[1].revents != 0) HandleSupervisorEnd();
  }
}

std::optional<ContainerParts> Container::TakeLeftover() {
  absl::MutexLock lock(&mutex_);
  return std::exchange(leftover_, std::nullopt);
}

std::optional<ExitRecord> Container::TakeRecord() {
  {
    absl::MutexLock lock(&mutex_);
    if (record_) return record_;
  }
  // The news may have been lost with the connection; the record is written first.
  absl::StatusOr<ExitRecord> record = parts_.directory->ReadExit();
  if (!record.ok()) return std::nullopt;
  return *record;
}

drivers::GuestExit Container::Finish(const Stopped& stopped, std::optional<ContainerParts>* leftover) {
  const absl::Time now = absl::Now();
  const std::optional<ExitRecord> record = TakeRecord();
  int signal = 0;
  stopped();
  const bool removed = RemoveParts(&parts_, &signal).ok();
  absl::MutexLock lock(&mutex_);
  if (!removed) *leftover = std::move(parts_);  // somebody may just be reading the plan
  ReapOrphan(pidfd_);
  return ReportExit(record, signal, now);
}

bool Container::HandleControl() {
  for (;;) {
    Message message;
    int fd = -1;
    const int error = ReceiveMessage(parts_.supervisor.control.get(), &message, &fd, MSG_DONTWAIT);
    util::UniqueFd descriptor(fd);
    if (error == EAGAIN) return true;
    if (error != 0) return false;
    if (message.kind == MessageKind::kExited) {
      {
        absl::MutexLock lock(&mutex_);
        record_ = message.exit;
      }
      BeginEnd();
      return true;
    }
    if (message.kind == MessageKind::kRebooted) {
      drivers::RunningGuest guest;
      bool kill = false;
      {
        absl::MutexLock lock(&mutex_);
        guest_.id = message.pid;
        guest_.start_time = absl::FromUnixNanos(message.start_time_ns);
        guest_.interfaces = DescribeInterfaces(parts_.plan.interfaces);  // made anew
        pidfd_ = std::move(descriptor);
        guest = guest_;
        kill = destroying_;
        // The first process that Destroy has killed was the one before.
        if (kill) (void)util::SignalPidfd(pidfd_.get(), SIGKILL);
      }
      if (!kill) rebooted_callback_(key_, guest, message.flag);
    }
  }
}

void Container::HandleSupervisorEnd() {
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
  }
  (void)HandleControl();  // its last message may still lie in the socket
  BeginEnd();
}

void Container::BeginEnd() {
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
  }
  // Before anybody learns of it, for then the descriptors are closed. Only the loop's thread comes here, or Destroy
  // when the loop looks no more.
  const std::shared_ptr<Container> self = shared_from_this();
  Forget();
  bool awaited = false;
  {
    absl::MutexLock lock(&mutex_);
    ended_ = true;
    awaited = destroying_;
  }
  if (!awaited) ended_callback_(self);
}

}  // namespace reeve::lxc

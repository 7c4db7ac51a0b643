#include "drivers/lxc/container.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cgroups/devices.h"
#include "drivers/lxc/limits.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/pidfd.h"

namespace reeve::lxc {
namespace {

// A first process that has been killed and does not end hangs in the kernel, on a dead file server for instance.
constexpr absl::Duration kKillTimeout = absl::Seconds(30);
constexpr absl::Duration kReportTimeout = absl::Seconds(2);
// The bytes that may lie unread between supervisor and daemon; the rest waits in the supervisor's ring.
constexpr int kConsoleBuffer = 16 * 1024;

absl::Status NotRunning() {
  return Error(v1::REASON_DOMAIN_STATE, "the domain has ended");
}

absl::Status Failed(const absl::Status& status) {
  return WithReason(v1::REASON_DRIVER_FAILED, status);
}

// The first process of a guest whose supervisor was killed becomes ours when we are pid 1 or a subreaper (prctl(2));
// else somebody else reaps it.
void ReapOrphan(const util::UniqueFd& pidfd) {
  siginfo_t info = {};
  (void)waitid(P_PIDFD, static_cast<id_t>(pidfd.get()), &info, WEXITED | WNOHANG);
}

}  // namespace

absl::Status RemoveParts(ContainerParts* parts, int* signal) {
  absl::Status status;
  if (parts->group) {
    // The guest's first process has ended, or does so with its supervisor; others may have been put into the group.
    const absl::StatusOr<std::vector<pid_t>> processes = parts->group->Processes();
    if (!processes.ok() || !processes->empty()) status.Update(parts->group->Kill());
  }
  if (parts->supervisor.pid != 0) {
    (void)util::SignalPidfd(parts->supervisor.pidfd.get(), SIGKILL);  // ESRCH: it has ended, as it should have
    const int killed_by = ReapSupervisor(parts->supervisor);
    if (signal != nullptr) *signal = killed_by;
    parts->supervisor = SupervisorProcess();
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

Container::Container(std::shared_ptr<EventLoop> loop, ContainerParts parts, const Message& started,
                     util::UniqueFd pidfd)
    : loop_(std::move(loop)),
      parts_(std::move(parts)),
      group_path_(parts_.group ? parts_.group->path() : ""),
      pidfd_(std::move(pidfd)) {
  guest_.id = started.pid;
  guest_.supervisor_pid = parts_.supervisor.pid;
  guest_.start_time = absl::FromUnixNanos(started.start_time_ns);
  guest_.warnings = parts_.plan.warnings;
  writers_.resize(parts_.plan.consoles);
}

absl::Status Container::Watch(bool paused, Ended ended, Rebooted rebooted) {
  ended_callback_ = std::move(ended);
  rebooted_callback_ = std::move(rebooted);
  const std::shared_ptr<Container> self = shared_from_this();
  absl::MutexLock lock(&mutex_);
  guest_.paused = paused;
  absl::StatusOr<uint64_t> control =
      loop_->Add(parts_.supervisor.control.get(), EPOLLIN, [self](uint32_t) { self->HandleControl(); });
  if (!control.ok()) return control.status();
  control_key_ = *control;
  absl::StatusOr<uint64_t> supervisor =
      loop_->Add(parts_.supervisor.pidfd.get(), EPOLLIN, [self](uint32_t) { self->HandleSupervisorEnd(); });
  if (!supervisor.ok()) return supervisor.status();
  supervisor_key_ = *supervisor;
  return absl::OkStatus();
}

void Container::Forget() {
  uint64_t control = 0;
  uint64_t supervisor = 0;
  {
    absl::MutexLock lock(&mutex_);
    control = control_key_;
    supervisor = supervisor_key_;
  }
  // Also when they are removed already: it waits for a handler that still runs.
  if (control != 0) loop_->Remove(control);
  if (supervisor != 0) loop_->Remove(supervisor);
}

drivers::RunningGuest Container::Describe() const {
  absl::MutexLock lock(&mutex_);
  return guest_;
}

absl::Status Container::RefuseEnded() const {
  return ended_ || destroying_ ? NotRunning() : absl::OkStatus();
}

absl::Status Container::Ask(MessageKind kind, uint32_t number) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  Message message;
  message.kind = kind;
  message.number = number;
  if (const int error = SendMessage(parts_.supervisor.control.get(), std::move(message)); error != 0) {
    return Failed(util::ErrnoStatus(error, "tell the supervisor"));
  }
  return absl::OkStatus();
}

util::UniqueFd Container::FirstProcess() const {
  absl::MutexLock lock(&mutex_);
  return util::UniqueFd(ended_ || !pidfd_ ? -1 : fcntl(pidfd_.get(), F_DUPFD_CLOEXEC, 0));
}

absl::Status Container::Shutdown() {
  return Ask(MessageKind::kSignal, parts_.plan.shutdown_signal);
}

absl::Status Container::Reboot() {
  return Ask(MessageKind::kReboot, parts_.plan.reboot_signal);
}

absl::Status Container::ExpectEnd() {
  return Ask(MessageKind::kSignal, 0);
}

absl::Status Container::ExpectReboot() {
  return Ask(MessageKind::kReboot, 0);
}

absl::Status Container::Suspend() {
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  }
  if (absl::Status status = parts_.group->Freeze(); !status.ok()) return WithContext("freeze", Failed(status));
  absl::MutexLock lock(&mutex_);
  guest_.paused = true;
  return absl::OkStatus();
}

absl::Status Container::Resume() {
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  }
  if (absl::Status status = parts_.group->Thaw(); !status.ok()) return WithContext("thaw", Failed(status));
  absl::MutexLock lock(&mutex_);
  guest_.paused = false;
  return absl::OkStatus();
}

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
        return WithContext("kill", Failed(status));
      }
    }
    const auto ended = [this]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return ended_; };
    if (!mutex_.AwaitWithTimeout(absl::Condition(&ended), kReportTimeout)) {
      // A supervisor that stands still (SIGSTOP, a frozen group) does not report; its own end is seen all the same.
      (void)util::SignalPidfd(parts_.supervisor.pidfd.get(), SIGKILL);
    }
    if (!mutex_.AwaitWithTimeout(absl::Condition(&ended), kKillTimeout)) {
      destroying_ = false;
      return Error(v1::REASON_DRIVER_FAILED,
                   "kill: its first process was killed and does not end; it hangs in the kernel");
    }
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
  if (!record) signal = ReapSupervisor(parts_.supervisor);
  stopped();
  if (!RemoveParts(&parts_).ok()) *leftover = std::move(parts_);
  absl::MutexLock lock(&mutex_);
  ReapOrphan(pidfd_);
  return ReportExit(record, signal, now);
}

absl::StatusOr<v1::DomainStatistics> Container::Sample(Sweep* sweep) const {
  DevicePlan devices;
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = RefuseEnded(); !status.ok()) return status;
    devices.nodes = parts_.plan.nodes;
    devices.interfaces = parts_.plan.interfaces;
  }
  absl::StatusOr<v1::DomainStatistics> statistics = sweep->Read(group_path_, devices);
  if (!statistics.ok()) return Failed(statistics.status());
  return statistics;
}

absl::Status Container::ReadTuning(v1::DomainTuning* tuning) const {
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  }
  const absl::Status status = ReadLimits(*parts_.group, tuning);
  return status.ok() ? status : Failed(status);
}

absl::StatusOr<std::unique_ptr<drivers::Console>> Container::OpenConsole(const drivers::ConsoleOptions& options,
                                                                         drivers::ConsoleReader reader) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  if (options.console >= writers_.size()) {
    return Error(v1::REASON_CONSOLE_NOT_FOUND, absl::StrCat("there is no console ", options.console),
                 {{"console", absl::StrCat(options.console)}});
  }
  const std::shared_ptr<ConsoleLink> holder = options.read_only ? nullptr : writers_[options.console].lock();
  if (holder != nullptr && !holder->closed()) {
    if (!options.force) {
      return Error(v1::REASON_CONSOLE_BUSY, absl::StrCat("console ", options.console, " is attached by another client"),
                   {{"console", absl::StrCat(options.console)}});
    }
    holder->Close("another client has taken over the console");
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
    return Failed(util::ErrnoStatus("make a socket pair"));
  }
  util::UniqueFd near(ends[0]);
  const util::UniqueFd far(ends[1]);
  // Without it the kernel's default is kept, which only lets older output survive longer than newer.
  (void)setsockopt(near.get(), SOL_SOCKET, SO_SNDBUF, &kConsoleBuffer, sizeof kConsoleBuffer);
  (void)setsockopt(far.get(), SOL_SOCKET, SO_SNDBUF, &kConsoleBuffer, sizeof kConsoleBuffer);
  Message message;
  message.kind = MessageKind::kAttach;
  message.number = options.console;
  message.flag = options.replay;
  if (const int error = SendMessage(parts_.supervisor.control.get(), std::move(message), far.get()); error != 0) {
    return Failed(util::ErrnoStatus(error, "tell the supervisor"));
  }
  auto link = std::make_shared<ConsoleLink>(loop_, std::move(near), std::move(reader), options.read_only);
  if (absl::Status status = link->Watch(); !status.ok()) return Failed(status);
  if (!options.read_only) writers_[options.console] = link;
  return std::make_unique<LxcConsole>(std::move(link));
}

absl::Status Container::Tune(const v1::DomainSpec& before, const v1::DomainSpec& after) {
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  }
  const absl::Status status = ChangeLimits(before, after, *parts_.group);
  return status.ok() ? status : Failed(status);
}

LaunchPlan Container::plan() const {
  absl::MutexLock lock(&mutex_);
  return parts_.plan;
}

absl::Status Container::ReplacePlan(const LaunchPlan& plan) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  if (absl::Status status = parts_.directory->WritePlan(plan); !status.ok()) return Failed(status);
  parts_.plan.nodes = plan.nodes;
  parts_.plan.filesystems = plan.filesystems;
  parts_.plan.interfaces = plan.interfaces;
  return absl::OkStatus();
}

absl::Status Container::SetDevices(const cgroups::DeviceRules& rules) {
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  }
  const absl::Status status = cgroups::SetDeviceRules(*parts_.group, rules);
  return status.ok() ? status : Failed(status);
}

absl::Status Container::StartTask(util::UniqueFd far, bool also_paused) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  if (guest_.paused && !also_paused) return Error(v1::REASON_DOMAIN_STATE, "the domain is paused");
  Message message;
  message.kind = MessageKind::kTask;
  if (const int error = SendMessage(parts_.supervisor.control.get(), std::move(message), far.get()); error != 0) {
    return Failed(util::ErrnoStatus(error, "tell the supervisor"));
  }
  return absl::OkStatus();
}

absl::Status Container::Kill(uint32_t signal) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  const int error = util::SignalPidfd(pidfd_.get(), static_cast<int>(signal));
  if (error == ESRCH) return NotRunning();
  return error == 0 ? absl::OkStatus() : Failed(util::ErrnoStatus(error, "send the signal"));
}

void Container::HandleControl() {
  for (;;) {
    Message message;
    int fd = -1;
    const int error = ReceiveMessage(parts_.supervisor.control.get(), &message, &fd, MSG_DONTWAIT);
    util::UniqueFd descriptor(fd);
    if (error == EAGAIN) return;
    if (error != 0) {
      // The supervisor has ended, or is about to: its pidfd tells.
      uint64_t key = 0;
      {
        absl::MutexLock lock(&mutex_);
        key = control_key_;
      }
      loop_->Remove(key);
      return;
    }
    if (message.kind == MessageKind::kExited) {
      {
        absl::MutexLock lock(&mutex_);
        record_ = message.exit;
      }
      BeginEnd();
      return;
    }
    if (message.kind == MessageKind::kRebooted) {
      drivers::RunningGuest guest;
      bool kill = false;
      {
        absl::MutexLock lock(&mutex_);
        guest_.id = message.pid;
        guest_.start_time = absl::FromUnixNanos(message.start_time_ns);
        pidfd_ = std::move(descriptor);
        guest = guest_;
        kill = destroying_;
        // The first process that Destroy has killed was the one before.
        if (kill) (void)util::SignalPidfd(pidfd_.get(), SIGKILL);
      }
      if (!kill) rebooted_callback_(parts_.key, guest, message.flag);
    }
  }
}

void Container::HandleSupervisorEnd() {
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
  }
  // Its last message may still lie in the socket.
  HandleControl();
  BeginEnd();
}

void Container::BeginEnd() {
  {
    absl::MutexLock lock(&mutex_);
    if (ended_) return;
  }
  // Before anybody learns of it, for then the descriptors are closed. Only the loop's thread comes here.
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

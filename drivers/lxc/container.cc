#include "drivers/lxc/container.h"

#include <fcntl.h>

#include <cerrno>

#include "absl/time/clock.h"
#include "cgroups/freezer.h"
#include "drivers/lxc/host_ends.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/pidfd.h"

namespace reeve::lxc {
namespace {

absl::Status NotRunning() {
  return Error(v1::REASON_DOMAIN_STATE, "the domain has ended");
}

absl::Status Failed(const absl::Status& status) {
  return WithReason(v1::REASON_DRIVER_FAILED, status);
}

}  // namespace

Container::Container(std::shared_ptr<EventLoop> loop, ContainerParts parts, const Message& started,
                     util::UniqueFd pidfd)
    : loop_(std::move(loop)),
      parts_(std::move(parts)),
      key_(parts_.key),
      group_(*parts_.group),
      pidfd_(std::move(pidfd)) {
  guest_.id = started.pid;
  guest_.supervisor_pid = parts_.supervisor.pid;
  guest_.start_time = absl::FromUnixNanos(started.start_time_ns);
  guest_.warnings = parts_.plan.warnings;
  guest_.interfaces = DescribeInterfaces(parts_.plan.interfaces);
  writers_.resize(parts_.plan.consoles);
}

absl::Status Container::Watch(bool paused, Ended ended, Rebooted rebooted) {
  ended_callback_ = std::move(ended);
  rebooted_callback_ = std::move(rebooted);
  absl::MutexLock lock(&mutex_);
  guest_.paused = paused;
  return Attach();
}

absl::Status Container::Attach() {
  const std::shared_ptr<Container> self = shared_from_this();
  absl::StatusOr<uint64_t> control = loop_->Add(parts_.supervisor.control.get(), EPOLLIN, [self](uint32_t) {
    if (self->HandleControl()) return;
    uint64_t key = 0;
    {
      absl::MutexLock locked(&self->mutex_);
      key = self->control_key_;
    }
    self->loop_->Remove(key);
  });
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

absl::Status Container::InGroup(absl::FunctionRef<absl::Status(const cgroups::Location&)> action) const {
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  }
  absl::Status status = action(group_);
  if (status.ok()) return status;
  absl::MutexLock lock(&mutex_);
  absl::Status ended = RefuseEnded();
  return ended.ok() ? Failed(status) : ended;
}

absl::Status Container::Suspend() {
  absl::Status status =
      InGroup([](const cgroups::Location& group) { return WithContext("freeze", cgroups::Freeze(group)); });
  if (!status.ok()) return status;
  absl::MutexLock lock(&mutex_);
  guest_.paused = true;
  return absl::OkStatus();
}

absl::Status Container::Resume() {
  absl::Status status =
      InGroup([](const cgroups::Location& group) { return WithContext("thaw", cgroups::Thaw(group)); });
  if (!status.ok()) return status;
  absl::MutexLock lock(&mutex_);
  guest_.paused = false;
  return absl::OkStatus();
}

absl::StatusOr<v1::DomainStatistics> Container::Sample(Sweep* sweep) const {
  DevicePlan devices;
  int64_t pid = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (absl::Status status = RefuseEnded(); !status.ok()) return status;
    pid = guest_.id;
    devices.nodes = parts_.plan.nodes;
    devices.interfaces = parts_.plan.interfaces;
  }
  absl::StatusOr<v1::DomainStatistics> statistics = sweep->Read(group_.path, devices, pid);
  if (!statistics.ok()) return Failed(statistics.status());
  // The process that has its number now may be another one.
  absl::MutexLock lock(&mutex_);
  if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  return statistics;
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

}  // namespace reeve::lxc

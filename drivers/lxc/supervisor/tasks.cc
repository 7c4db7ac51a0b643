#include "drivers/lxc/supervisor/tasks.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "drivers/lxc/supervisor/task_child.h"
#include "util/pidfd.h"

namespace reeve::lxc {
namespace {

constexpr size_t kMaximumTasks = 64;
constexpr int kLastWordMilliseconds = 100;

// How a child has ended; false: it has not.
bool Reap(int pidfd, siginfo_t* info) {
  *info = siginfo_t();
  return waitid(P_PIDFD, static_cast<id_t>(pidfd), info, WEXITED | WNOHANG) == 0 && info->si_pid != 0;
}

}  // namespace

uint64_t Tasks::Data(Part part, size_t index) const {
  return uint64_t{tag_} << 56 | static_cast<uint64_t>(part) << 48 | index;
}

bool Tasks::Watch(int fd, Part part, size_t index) const {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = Data(part, index);
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) == 0;
}

void Tasks::Begin(int group, util::UniqueFd session) {
  auto place = std::find_if(tasks_.begin(), tasks_.end(), [](const Task& task) {
    return !task.session && !task.status && !task.helper && !task.command;
  });
  Task refused;
  if (place == tasks_.end() && tasks_.size() >= kMaximumTasks) {
    refused.session = std::move(session);
    return Fail(&refused, "64 tasks are being done in the guest already", 0);
  }
  if (place == tasks_.end()) place = tasks_.emplace(tasks_.end());
  *place = Task();
  Task& task = *place;
  task.session = std::move(session);
  const size_t index = static_cast<size_t>(place - tasks_.begin());
  std::string bytes;
  std::vector<util::UniqueFd> streams;
  TaskRequest request;
  const int error = ReceiveWithDescriptors(task.session.get(), kMaximumTaskRequest, &bytes, &streams, MSG_DONTWAIT);
  if (error != 0 || !DecodeTaskRequest(bytes.data(), bytes.size(), &request)) {
    Fail(&task, "read the request", error != 0 ? error : EBADMSG);
    return FreeIfOver(&task);
  }
  task.kind = request.kind;
  task.is_command = request.kind == TaskKind::kExecute;
  task.detach = request.detach;
  if (ChangeDevices(request, &streams, &task)) return FreeIfOver(&task);
  if (!Fork(task.is_command ? group : -1, request, std::move(streams), &task)) return FreeIfOver(&task);
  if (!Watch(task.session.get(), Part::kSession, index) || !Watch(task.status.get(), Part::kStatus, index) ||
      !Watch(task.helper.get(), Part::kHelper, index)) {
    Fail(&task, "watch the helper", errno);
    Abandon(&task);
  }
}

bool Tasks::ChangeDevices(const TaskRequest& request, std::vector<util::UniqueFd>* streams, Task* task) {
  const bool ours = LiveDevices::IsOurs(request.kind);
  if (!ours && request.kind != TaskKind::kAttachFilesystem && request.kind != TaskKind::kDetachFilesystem) return false;
  if (!DecodeDevices(request.devices, &task->devices)) {
    Fail(task, "read the request", EBADMSG);
    return true;
  }
  if (!streams->empty()) task->backing = std::move(streams->front());
  streams->clear();
  if (!ours) return false;
  Failure failure;
  if (!devices_.Change(request.kind, task->devices, std::move(task->backing), &failure)) {
    std::string text = StepText(failure.step);
    if (!failure.object.empty()) text += ": " + failure.object;
    Fail(task, text, failure.error);
    return true;
  }
  Report(task, TaskReport());
  return true;
}

bool Tasks::Fork(int group, const TaskRequest& request, std::vector<util::UniqueFd> streams, Task* task) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) {
    Fail(task, "make a socket pair", errno);
    return false;
  }
  task->status.Reset(ends[0]);
  const util::UniqueFd helper_end(ends[1]);
  int pidfd = -1;
  clone_args arguments = {};
  arguments.flags = CLONE_PIDFD | CLONE_CLEAR_SIGHAND | (group >= 0 ? CLONE_INTO_CGROUP : 0);
  arguments.pidfd = reinterpret_cast<uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (group >= 0) arguments.cgroup = static_cast<uint64_t>(group);
  const pid_t pid = static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid < 0) {
    Fail(task, "make a helper", errno);
    return false;
  }
  if (pid == 0) {
    const util::UniqueFd own(open("/proc/self/fd", O_PATH | O_DIRECTORY | O_CLOEXEC));
    std::vector<int> descriptors = {helper_end.get(), guest_->pidfd.get(), own.get()};
    for (const util::UniqueFd& stream : streams) descriptors.push_back(stream.get());
    if (task->backing) descriptors.push_back(task->backing.get());
    RunTask(*plan_, request, guest_->pid, descriptors);
  }
  task->helper.Reset(pidfd);
  return true;
}

void Tasks::Handle(uint64_t data) {
  const size_t index = data & 0xffffffff;
  if (index >= tasks_.size()) return;
  Task& task = tasks_[index];
  switch (static_cast<Part>(data >> 48 & 0xff)) {
    case Part::kSession:
      if (task.session) HandleSession(&task);
      break;
    case Part::kStatus:
      if (task.status) HandleStatus(index);
      break;
    case Part::kHelper:
      if (task.helper) HandleHelper(&task);
      break;
    case Part::kCommand:
      if (task.command) HandleCommand(&task);
      break;
  }
  FreeIfOver(&task);
}

void Tasks::HandleSession(Task* task) {
  char bytes[2];
  const ssize_t got = recv(task->session.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (got <= 0) return Abandon(task);
  if (bytes[0] == static_cast<char>(TaskWord::kSignal) && got == 2) {
    if (task->command) (void)util::SignalPidfd(task->command.get(), static_cast<unsigned char>(bytes[1]));
  } else if (bytes[0] == static_cast<char>(TaskWord::kCommit) && got == 1) {
    if (task->status) (void)send(task->status.get(), bytes, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  } else {
    Abandon(task);
  }
}

void Tasks::HandleStatus(size_t index) {
  Task& task = tasks_[index];
  std::string bytes;
  std::vector<util::UniqueFd> descriptors;
  const auto receive = [&] {
    return ReceiveWithDescriptors(task.status.get(), kMaximumTaskReport, &bytes, &descriptors, MSG_DONTWAIT);
  };
  int error = receive();
  // A helper that ends with words of ours unread resets the socket, and that is told once, before its own last words.
  if (error == ECONNRESET) error = receive();
  if (error == EAGAIN) return;
  if (error != 0) {
    // The helper has ended, and the command, if there is one, has been executed: the last copies are closed by that.
    task.status.Reset();
    if (task.command && !task.over) TellStarted(&task);
    return;
  }
  if (bytes[0] == kChildFound && task.is_command) return TakeChild(bytes, std::move(descriptors), index);
  TaskReport report;
  if (!DecodeTaskReport(bytes.data(), bytes.size(), &report)) return Fail(&task, "hear the helper", EBADMSG);
  Report(&task, std::move(report));
}

void Tasks::TakeChild(const std::string& bytes, std::vector<util::UniqueFd> descriptors, size_t index) {
  Task& task = tasks_[index];
  if (descriptors.empty() || task.command) return Fail(&task, "hear the helper", EBADMSG);
  task.command = std::move(descriptors[0]);
  if (descriptors.size() > 1) task.terminal = std::move(descriptors[1]);
  task.command_pid = strtoll(bytes.c_str() + 1, nullptr, 10);
  if (!Watch(task.command.get(), Part::kCommand, index)) Fail(&task, "watch the command", errno);
  if (!task.session) Abandon(&task);  // the daemon has hung up meanwhile
}

void Tasks::TellStarted(Task* task) {
  if (std::exchange(task->started, true)) return;
  TaskReport report;
  report.kind = TaskReportKind::kStarted;
  report.pid = task->command_pid;
  Report(task, std::move(report), task->terminal.get());
  task->terminal.Reset();
}

// What a helper said last may still be unread, and a command holds the socket until it is executed.
void Tasks::HearRest(Task* task) {
  const size_t index = static_cast<size_t>(task - tasks_.data());
  while (task->status && (!task->over || !task->devices.filesystems.empty())) {
    char peek;
    if (recv(task->status.get(), &peek, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN) break;
    HandleStatus(index);
  }
}

void Tasks::HandleHelper(Task* task) {
  siginfo_t info;
  if (!Reap(task->helper.get(), &info)) return;
  task->helper.Reset();
  HearRest(task);
  if (!task->over && !task->command) Fail(task, "the helper ended without a word", 0);
}

void Tasks::HandleCommand(Task* task) {
  // Before it is reaped, for then its number may be another's: what is left in its group ends with it when it must.
  siginfo_t info = {};
  if (waitid(P_PIDFD, static_cast<id_t>(task->command.get()), &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
      info.si_pid == 0) {
    return;
  }
  const size_t index = static_cast<size_t>(task - tasks_.data());
  while (task->status && !task->over) {
    char peek;
    if (recv(task->status.get(), &peek, 1, MSG_DONTWAIT | MSG_PEEK) < 0 && errno == EAGAIN) break;
    HandleStatus(index);
  }
  if (!Reap(task->command.get(), &info)) return;
  task->command.Reset();
  if (task->over) return;
  TellStarted(task);
  TaskReport report;
  report.kind = TaskReportKind::kEnded;
  if (info.si_code == CLD_EXITED) {
    report.code = info.si_status;
  } else {
    report.signal = info.si_status;
  }
  Report(task, std::move(report));
}

void Tasks::Report(Task* task, TaskReport report, int descriptor) {
  if (report.kind == TaskReportKind::kEnded || report.kind == TaskReportKind::kFailed) task->over = true;
  if (report.kind == TaskReportKind::kEnded && !task->devices.filesystems.empty()) {
    devices_.Note(task->kind, task->devices, std::move(task->backing));
  }
  if (!task->session) return;
  std::vector<int> descriptors;
  if (descriptor >= 0) descriptors.push_back(descriptor);
  // The few reports of a task fit into its socket: a daemon that does not read is not waited for.
  if (SendWithDescriptors(task->session.get(), EncodeTaskReport(std::move(report)), descriptors, MSG_DONTWAIT) != 0) {
    Abandon(task);
  }
}

void Tasks::Fail(Task* task, const std::string& text, int error) {
  TaskReport report;
  report.kind = TaskReportKind::kFailed;
  report.text = text;
  report.error = error;
  Report(task, std::move(report));
}

// The daemon has hung up, or nobody can hear it any more.
void Tasks::Abandon(Task* task) {
  task->session.Reset();
  task->over = true;
  if (task->detach && task->started) {
    return;
  }
  if (task->command) {
    if (task->command_pid > 1) (void)kill(static_cast<pid_t>(-task->command_pid), SIGKILL);
    (void)util::SignalPidfd(task->command.get(), SIGKILL);
  }
  if (task->is_command && task->helper) (void)util::SignalPidfd(task->helper.get(), SIGKILL);
  // What copies a file cleans up by itself when it sees this. What has become of a file system is still to be noted.
  if (!task->is_command && task->devices.filesystems.empty()) task->status.Reset();
}

void Tasks::FreeIfOver(Task* task) {
  if (!task->over || task->helper || task->command) return;
  *task = Task();
}

void Tasks::EndAll() {
  for (Task& task : tasks_) {
    if (!task.session && !task.helper && !task.command) continue;
    siginfo_t info;
    if (task.helper) {
      // What has made the guest end, an answer to initctl say, is about to report.
      pollfd ended = {task.helper.get(), POLLIN, 0};
      if (!task.is_command) (void)poll(&ended, 1, kLastWordMilliseconds);
      (void)util::SignalPidfd(task.helper.get(), SIGKILL);
      (void)waitid(P_PIDFD, static_cast<id_t>(task.helper.get()), &info, WEXITED);
      HearRest(&task);
    }
    // The kernel has killed it with the guest's first process.
    if (task.command) {
      (void)util::SignalPidfd(task.command.get(), SIGKILL);
      if (waitid(P_PIDFD, static_cast<id_t>(task.command.get()), &info, WEXITED) == 0 && !task.over) {
        TellStarted(&task);
        TaskReport report;
        report.kind = TaskReportKind::kEnded;
        if (info.si_code == CLD_EXITED) {
          report.code = info.si_status;
        } else {
          report.signal = info.si_status;
        }
        Report(&task, std::move(report));
      }
    }
    if (!task.over) Fail(&task, "the guest has ended", 0);
    task = Task();
  }
}

}  // namespace reeve::lxc

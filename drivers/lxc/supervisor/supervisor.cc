#include "drivers/lxc/supervisor/supervisor.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "util/pidfd.h"

namespace reeve::lxc {
namespace {

constexpr uint8_t kDaemonTag = 1;
constexpr uint8_t kListenerTag = 2;
constexpr uint8_t kGuestTag = 3;
constexpr uint8_t kConsoleTag = 4;
constexpr uint8_t kTaskTag = 5;

bool ReadAll(int directory, const char* name, size_t limit, std::string* content) {
  const util::UniqueFd file(openat(directory, name, O_RDONLY | O_CLOEXEC));
  if (!file) return false;
  char buffer[4096];
  for (;;) {
    const ssize_t got = read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return true;
    content->append(buffer, static_cast<size_t>(got));
    if (content->size() > limit) {
      errno = EFBIG;
      return false;
    }
  }
}

bool Watch(int epoll, int fd, uint8_t tag) {
  epoll_event event = {};
  event.events = EPOLLIN;
  event.data.u64 = uint64_t{tag} << 56;
  return epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0;
}

}  // namespace

Supervisor::Supervisor(util::UniqueFd daemon, util::UniqueFd run_directory)
    : daemon_(std::move(daemon)), run_directory_(std::move(run_directory)) {}

int Supervisor::Run() {
  Failure failure;
  if (!LaunchFirst(&failure)) {
    ReportFailure(failure);
    return 1;
  }
  Serve();
  consoles_->Drain();
  // The record is there before the news is sent: a daemon that dies in between finds it, so nobody has to acknowledge.
  WriteExit();
  Message message;
  message.kind = MessageKind::kExited;
  message.exit = exit_;
  Send(std::move(message), -1);
  return 0;
}

bool Supervisor::LaunchFirst(Failure* failure) {
  Preparation preparation;
  const bool prepared = ReadPlan(failure) && Listen(failure) && Prepare(plan_, &preparation, failure);
  // Also for a launch that has failed already: a message that is never read would cut the report off (unix(7)).
  Failure missing;
  if (!AwaitGo(&preparation, &missing)) {
    if (prepared) *failure = missing;
    return false;
  }
  if (!prepared) return false;
  kills_before_ = CountOutOfMemoryKills();
  consoles_.emplace(epoll_.get(), kConsoleTag);
  if (!consoles_->OpenLogs(plan_.console_logs, failure)) return false;
  tasks_.emplace(epoll_.get(), kTaskTag, &plan_, &guest_);
  if (!Launch(plan_, &preparation, group_.get(), &guest_, failure)) return false;
  if (!consoles_->Adopt(std::move(preparation.terminals)) || !WatchGuest()) {
    Fail(failure, Step::kListen, "event loop");
    (void)util::SignalPidfd(guest_.pidfd.get(), SIGKILL);
    return false;
  }
  ready_ = plan_.paused;
  Report(ready_ ? MessageKind::kReady : MessageKind::kStarted, false);
  return true;
}

bool Supervisor::ReadPlan(Failure* failure) {
  std::string bytes;
  if (!ReadAll(run_directory_.get(), "plan", kMaximumPlan, &bytes)) return Fail(failure, Step::kReadPlan);
  plan_ = LaunchPlan();
  if (!DecodePlan(bytes.data(), bytes.size(), &plan_)) return FailWith(failure, Step::kReadPlan, EBADMSG, "");
  return true;
}

bool Supervisor::Listen(Failure* failure) {
  epoll_.Reset(epoll_create1(EPOLL_CLOEXEC));
  listener_.Reset(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!epoll_ || !listener_) return Fail(failure, Step::kListen);
  // Relative to the run directory, for a socket's path may have only 107 bytes (unix(7)).
  if (fchdir(run_directory_.get()) < 0) return Fail(failure, Step::kListen);
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  memcpy(address.sun_path, "control", sizeof "control");
  const mode_t mask = umask(077);
  const int bound = bind(listener_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address);
  umask(mask);
  if (bound < 0 || listen(listener_.get(), 8) < 0 || chdir("/") < 0) return Fail(failure, Step::kListen);
  if (!Watch(epoll_.get(), listener_.get(), kListenerTag) || !Watch(epoll_.get(), daemon_.get(), kDaemonTag)) {
    return Fail(failure, Step::kListen);
  }
  return true;
}

bool Supervisor::AwaitGo(Preparation* preparation, Failure* failure) {
  Message message;
  int fd = -1;
  int error = ReceiveMessage(daemon_.get(), &message, &fd);
  while (error == 0 && message.kind == MessageKind::kPass && fd >= 0) {
    preparation->passed.emplace_back(fd);
    error = ReceiveMessage(daemon_.get(), &message, &fd);
  }
  group_.Reset(fd);
  if (error != 0) return FailWith(failure, Step::kSynchronize, error, "the daemon");
  if (message.kind != MessageKind::kGo) return FailWith(failure, Step::kSynchronize, EBADMSG, "the daemon");
  return true;
}

void Supervisor::Serve() {
  for (;;) {
    epoll_event events[16];
    const int count = epoll_wait(epoll_.get(), events, 16, -1);
    bool ended = false;
    for (int i = 0; i < count; ++i) {
      const uint64_t data = events[i].data.u64;
      switch (data >> 56) {
        case kDaemonTag:
          HandleDaemon();
          break;
        case kListenerTag:
          Accept();
          break;
        case kGuestTag:
          ended = true;
          break;
        case kConsoleTag:
          consoles_->Handle(data, events[i].events);
          break;
        case kTaskTag:
          tasks_->Handle(data);
          break;
      }
    }
    // After the others: what the daemon asked for before the end must be known when the end is judged.
    if (ended && HandleEnd()) return;
  }
}

void Supervisor::HandleDaemon() {
  while (daemon_) {
    Message message;
    int fd = -1;
    const int error = ReceiveMessage(daemon_.get(), &message, &fd, MSG_DONTWAIT);
    if (error == EAGAIN) return;
    if (error != 0) {
      daemon_.Reset();  // it has ended, or speaks another language: the next one may connect
      return;
    }
    HandleMessage(message, util::UniqueFd(fd));
  }
}

void Supervisor::HandleMessage(const Message& message, util::UniqueFd fd) {
  switch (message.kind) {
    case MessageKind::kProceed:
      if (!ready_) return;
      ready_ = false;
      (void)Proceed(&guest_);  // when it fails the first process has ended, which is seen by itself
      return;
    case MessageKind::kSignal:
    case MessageKind::kReboot:
      (message.kind == MessageKind::kSignal ? asked_to_end_ : asked_to_reboot_) = true;
      (void)util::SignalPidfd(guest_.pidfd.get(), static_cast<int>(message.number));  // ESRCH: it has ended
      return;
    case MessageKind::kAttach:
      if (fd) consoles_->AddClient(message.number, message.flag, std::move(fd));
      return;
    case MessageKind::kTask:
      if (fd) tasks_->Begin(group_.get(), std::move(fd));
      return;
    default:
      daemon_.Reset();
  }
}

void Supervisor::Accept() {
  util::UniqueFd connection(accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
  if (!connection) return;  // gone again
  ucred peer = {};
  socklen_t size = sizeof peer;
  // The directory is closed to others; this also holds when somebody has opened it up.
  if (getsockopt(connection.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0 ||
      (peer.uid != 0 && peer.uid != getuid())) {
    return;
  }
  // There is one daemon at a time: a new one takes the place of one that hangs.
  daemon_ = std::move(connection);
  if (!Watch(epoll_.get(), daemon_.get(), kDaemonTag)) {
    daemon_.Reset();
    return;
  }
  Report(MessageKind::kHello, ready_);
}

bool Supervisor::WatchGuest() {
  return Watch(epoll_.get(), guest_.pidfd.get(), kGuestTag);
}

bool Supervisor::HandleEnd() {
  siginfo_t info = {};
  if (waitid(P_PIDFD, static_cast<id_t>(guest_.pidfd.get()), &info, WEXITED | WNOHANG) < 0 || info.si_pid == 0)
    return false;
  consoles_->Drain();
  tasks_->EndAll();
  guest_.pidfd.Reset();
  // All of the guest has ended with its first process.
  ReturnInterfaces(&guest_.borrowed);
  exit_ = ExitRecord();
  exit_.time_ns = RealTime();
  exit_.asked = asked_to_end_;
  bool restart = false;
  if (info.si_code == CLD_EXITED) {
    exit_.kind = ExitKind::kExited;
    exit_.code = info.si_status;
    restart = asked_to_reboot_ && !asked_to_end_;
  } else if (info.si_status == SIGHUP || info.si_status == SIGINT) {
    // From outside, the first process of a pid namespace is killed by none but SIGKILL; these two are how the kernel
    // tells of reboot(2) in it (pid_namespaces(7), reboot(2)).
    exit_.kind = info.si_status == SIGHUP ? ExitKind::kRestarted : ExitKind::kHalted;
    restart = info.si_status == SIGHUP && !asked_to_end_ && (plan_.restart_on_reboot || asked_to_reboot_);
  } else {
    exit_.kind = ExitKind::kKilled;
    exit_.signal = info.si_status;
    exit_.out_of_memory = info.si_status == SIGKILL && CountOutOfMemoryKills() > kills_before_;
    // A guest that was asked to reboot and dies of the signal (it has no handler for it) has obeyed; SIGKILL never
    // asks.
    restart = asked_to_reboot_ && !asked_to_end_ && info.si_status != SIGKILL;
  }
  Failure failure;
  const bool failed = HeardFailure(guest_, &failure);
  if (!failed && !restart) return true;
  if (failed || !Relaunch(&failure)) {
    exit_.kind = ExitKind::kLaunchFailed;
    exit_.text = StepText(failure.step);
    if (!failure.object.empty()) exit_.text += ": " + failure.object;
    if (failure.error != 0) exit_.text += std::string(": ") + strerror(failure.error);
    return true;
  }
  Report(MessageKind::kRebooted, asked_to_reboot_);
  asked_to_reboot_ = false;
  return false;
}

bool Supervisor::Relaunch(Failure* failure) {
  plan_.paused = false;
  ready_ = false;
  kills_before_ = CountOutOfMemoryKills();
  Preparation preparation;
  if (!Prepare(plan_, &preparation, failure)) return false;
  if (!Launch(plan_, &preparation, group_.get(), &guest_, failure)) return false;
  if (consoles_->Adopt(std::move(preparation.terminals)) && WatchGuest()) return true;
  Fail(failure, Step::kListen, "event loop");
  (void)util::SignalPidfd(guest_.pidfd.get(), SIGKILL);
  return false;
}

void Supervisor::Report(MessageKind kind, bool flag) {
  Message message;
  message.kind = kind;
  message.pid = guest_.pid;
  message.start_time_ns = guest_.start_time_ns;
  message.flag = flag;
  Send(std::move(message), guest_.pidfd.get());
}

void Supervisor::ReportFailure(const Failure& failure) {
  Message message;
  message.kind = MessageKind::kFailed;
  message.step = failure.step;
  message.error = failure.error;
  message.text = failure.object;
  Send(std::move(message), -1);
}

void Supervisor::Send(Message message, int fd) {
  // A daemon that is gone, or does not read, learns it all when it connects again.
  if (daemon_ && SendMessage(daemon_.get(), std::move(message), fd) != 0) daemon_.Reset();
}

void Supervisor::WriteExit() {
  const std::string bytes = EncodeExit(exit_);
  const int directory = run_directory_.get();
  // Written aside and renamed, so that it is there whole or not at all. Not synced: the directory, like the guest, does
  // not outlive the host.
  const util::UniqueFd file(openat(directory, "exit.new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file || write(file.get(), bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
      renameat(directory, "exit.new", directory, "exit") < 0) {
    (void)unlinkat(directory, "exit.new", 0);  // without a record the guest counts as vanished, which is true enough
  }
}

uint64_t Supervisor::CountOutOfMemoryKills() const {
  std::string content;
  if (plan_.memory_events.empty() || !ReadAll(AT_FDCWD, plan_.memory_events.c_str(), 4096, &content)) return 0;
  content.insert(0, "\n");
  const size_t at = content.find("\noom_kill ");
  return at == std::string::npos ? 0 : strtoull(content.c_str() + at + 10, nullptr, 10);
}

}  // namespace reeve::lxc

#include "drivers/lxc/supervisor_process.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "drivers/lxc/messages.h"
#include "util/errno.h"
#include "util/pidfd.h"

namespace reeve::lxc {
namespace {

// A duplicate that is out of the way of the numbers above, and of `more` after them.
util::UniqueFd Aside(int fd, size_t more) {
  return util::UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, kFirstHeldDescriptor + static_cast<int>(more)));
}

// Those that we ignore: across an exec that would last. As it stands at the first start; we change it no more by then.
std::vector<int> IgnoredSignals() {
  std::vector<int> ignored;
  for (int number = 1; number < _NSIG; ++number) {
    struct sigaction action = {};
    if (sigaction(number, nullptr, &action) == 0 && action.sa_handler == SIG_IGN) ignored.push_back(number);
  }
  return ignored;
}

// What becomes which descriptor of the program; everything else is closed.
struct Descriptors {
  std::vector<std::pair<int, int>> from_to;  // no `from` is a `to`
  int first_closed = 0;
};

// Executes `program` in a child. It has all signals blocked, which it is to change itself. vfork(2) and a few calls instead
// of posix_spawn(3), which asks for the disposition of each signal: a sixth of what a start takes in system calls.
int Spawn(const char* program, char* const* arguments, const Descriptors& descriptors, pid_t* pid) {
  static const std::vector<int> ignored = IgnoredSignals();
  char* const environment[] = {nullptr};
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  // No handler of ours may run in the child: until its exec it has our memory.
  if (const int error = pthread_sigmask(SIG_BLOCK, &all, &before); error != 0) return error;
  volatile int failure = 0;
  const pid_t child = vfork();
  if (child == 0) {
    // System calls alone from here on, and nothing of ours is changed but `failure`.
    bool good = setsid() >= 0;
    const int null = open("/dev/null", O_RDWR);
    for (int standard = 0; standard < 3; ++standard) good = good && dup2(null, standard) >= 0;
    for (const auto& [from, to] : descriptors.from_to) good = good && dup2(from, to) >= 0;
    good = good && close_range(static_cast<unsigned>(descriptors.first_closed), ~0U, 0) == 0;
    for (const int number : ignored) (void)signal(number, SIG_DFL);
    if (good) (void)execve(program, arguments, environment);
    failure = errno;
    _exit(127);
  }
  const int error = child < 0 ? errno : failure;
  (void)pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (child > 0 && error != 0) (void)waitpid(child, nullptr, 0);
  *pid = child;
  return error;
}

}  // namespace

absl::StatusOr<SupervisorProcess> SpawnSupervisor(int program, const std::string& name, const LaunchPlan& plan,
                                                  int run_directory, const std::vector<util::UniqueFd>& held) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return util::ErrnoStatus("make a socket pair");
  SupervisorProcess supervisor;
  supervisor.control.Reset(ends[0]);
  const util::UniqueFd near_end(ends[1]);
  const util::UniqueFd control = Aside(near_end.get(), held.size());
  const util::UniqueFd directory = Aside(run_directory, held.size());
  if (!control || !directory) return util::ErrnoStatus("duplicate a descriptor");
  Descriptors descriptors = {{{control.get(), kControlDescriptor}, {directory.get(), kRunDirectoryDescriptor}}, 0};
  int next = kFirstHeldDescriptor;
  std::vector<util::UniqueFd> aside;
  for (const util::UniqueFd& descriptor : held) {
    aside.push_back(Aside(descriptor.get(), held.size()));
    if (!aside.back()) return util::ErrnoStatus("duplicate a descriptor");
    descriptors.from_to.emplace_back(aside.back().get(), next++);
  }
  descriptors.first_closed = next;
  // Name and uid are for those who look at the list of processes.
  std::string title = "reeve-supervisor";
  std::string guest = plan.name;
  std::string uid = plan.uid;
  char* const arguments[] = {title.data(), guest.data(), uid.data(), nullptr};
  // Of ours, for the child has closed it by then.
  const std::string path = absl::StrCat("/proc/", getpid(), "/fd/", program);
  const int error = Spawn(path.c_str(), arguments, descriptors, &supervisor.pid);
  if (error != 0) return util::ErrnoStatus(error, absl::StrCat("execute ", name));
  supervisor.pidfd = util::OpenPidfd(supervisor.pid);
  if (!supervisor.pidfd) {
    absl::Status status = util::ErrnoStatus("open the supervisor's pidfd");
    (void)kill(supervisor.pid, SIGKILL);  // it is our child and not reaped: the pid is still its own
    (void)waitpid(supervisor.pid, nullptr, 0);
    return status;
  }
  return supervisor;
}

std::optional<int> ReapSupervisor(const SupervisorProcess& supervisor, absl::Duration patience) {
  const absl::Time deadline = absl::Now() + patience;
  pollfd ready = {supervisor.pidfd.get(), POLLIN, 0};
  for (absl::Duration pause = absl::Milliseconds(1);; pause = std::min(2 * pause, absl::Milliseconds(50))) {
    const absl::Duration left = std::max(deadline - absl::Now(), absl::ZeroDuration());
    const int count = poll(&ready, 1, static_cast<int>(absl::ToInt64Milliseconds(left)));
    siginfo_t info = {};
    if (count > 0) {
      if (waitid(P_PIDFD, static_cast<id_t>(supervisor.pidfd.get()), &info, WEXITED | WNOHANG) < 0) {
        return 0;  // ECHILD: not our child
      }
      if (info.si_pid != 0) return info.si_code == CLD_EXITED ? 0 : info.si_status;
    }
    if (left == absl::ZeroDuration()) return std::nullopt;
    // Dead, and not yet ours to reap: of that the kernel tells nobody but by a signal.
    if (count > 0) absl::SleepFor(std::min(pause, left));
  }
}

}  // namespace reeve::lxc

#include "drivers/lxc/supervisor_process.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
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

// What the child does, and how it fails: it has our memory until it executes the program.
struct Child {
  const char* program = nullptr;
  char* const* arguments = nullptr;
  Descriptors descriptors;
  std::vector<util::UniqueFd> tasks;  // of the v1 groups that it joins
  const std::vector<int>* ignored = nullptr;
  volatile int failure = 0;
};

// In the child: system calls alone, and nothing of ours is changed but `failure`. Never returns. Not instrumented,
// since its frame stays behind on a stack that is used for something else then.
[[noreturn]] __attribute__((noinline, no_sanitize("address"))) void Execute(Child* child) {
  bool good = true;
  // Before their descriptors are covered.
  for (const util::UniqueFd& tasks : child->tasks) good = good && write(tasks.get(), "0", 1) == 1;
  good = good && setsid() >= 0;
  const int null = open("/dev/null", O_RDWR);
  for (int standard = 0; standard < 3; ++standard) good = good && dup2(null, standard) >= 0;
  for (const auto& [from, to] : child->descriptors.from_to) good = good && dup2(from, to) >= 0;
  good = good && close_range(static_cast<unsigned>(child->descriptors.first_closed), ~0U, 0) == 0;
  for (const int number : *child->ignored) (void)signal(number, SIG_DFL);
  char* const environment[] = {nullptr};
  if (good) (void)execve(child->program, child->arguments, environment);
  child->failure = errno;
  _exit(127);
}

// Runs Execute in a child that is born in the group, as with vfork(2): the caller waits until it has executed or ended,
// and they share their memory. It has a stack of its own, because a function that returns from a system call twice is
// nothing that a compiler knows of, but for vfork. -1: errno; the kernel has made none.
pid_t CloneInto([[maybe_unused]] int group, [[maybe_unused]] Child* child, [[maybe_unused]] int* pidfd) {
#if defined(__x86_64__)
  alignas(16) char stack[64 * 1024];
  clone_args arguments = {};
  arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_PIDFD | CLONE_INTO_CGROUP;
  arguments.pidfd = reinterpret_cast<uintptr_t>(pidfd);
  arguments.exit_signal = SIGCHLD;
  arguments.stack = reinterpret_cast<uintptr_t>(stack);
  arguments.stack_size = sizeof stack;
  arguments.cgroup = static_cast<uint64_t>(group);
  long result = SYS_clone3;
  asm volatile(
      "syscall\n\t"
      "test %%rax, %%rax\n\t"
      "jnz 1f\n\t"
      "mov %[child], %%rdi\n\t"
      "call *%[execute]\n\t"
      "hlt\n"
      "1:"
      : "+a"(result)
      : "D"(&arguments), "S"(sizeof arguments), [child] "r"(child), [execute] "r"(&Execute)
      : "rcx", "r11", "memory");
  if (result > 0) return static_cast<pid_t>(result);
  errno = static_cast<int>(-result);
#else
  errno = ENOSYS;
#endif
  return -1;
}

// The supervisor's process, which has all signals blocked: it is to change that itself. Two calls instead of
// posix_spawn(3), which asks for the disposition of each signal: a sixth of what a start takes in system calls.
int Spawn(Child* child, const cgroups::AttachTargets* group, SupervisorProcess* supervisor) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  // No handler of ours may run in the child.
  if (const int error = pthread_sigmask(SIG_BLOCK, &all, &before); error != 0) return error;
  int error = 0;
  int pidfd = -1;
  if (group != nullptr && group->unified) {
    supervisor->pid = CloneInto(group->unified.get(), child, &pidfd);
    supervisor->in_group = supervisor->pid > 0;
  }
  if (!supervisor->in_group) {
    // One that joins the v1 groups alone would be in the wrong v2 group as if it were in the right one.
    if (group != nullptr && group->unified) child->tasks.clear();
    supervisor->pid = vfork();
    if (supervisor->pid == 0) Execute(child);
    if (supervisor->pid < 0) error = errno;
    supervisor->in_group = group != nullptr && !group->unified;
  }
  supervisor->pidfd.Reset(pidfd);
  if (supervisor->pid > 0) error = child->failure;
  (void)pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (supervisor->pid > 0 && error != 0) (void)waitpid(supervisor->pid, nullptr, 0);
  return error;
}

}  // namespace

absl::StatusOr<SupervisorProcess> SpawnSupervisor(int program, const std::string& name, const LaunchPlan& plan,
                                                  int run_directory, const std::vector<util::UniqueFd>& held,
                                                  const cgroups::AttachTargets* group) {
  static const std::vector<int> ignored = IgnoredSignals();
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return util::ErrnoStatus("make a socket pair");
  SupervisorProcess supervisor;
  supervisor.control.Reset(ends[0]);
  const util::UniqueFd near_end(ends[1]);
  const util::UniqueFd control = Aside(near_end.get(), held.size());
  const util::UniqueFd directory = Aside(run_directory, held.size());
  if (!control || !directory) return util::ErrnoStatus("duplicate a descriptor");
  Child child;
  child.ignored = &ignored;
  if (group != nullptr) {
    for (const std::string& path : group->v1_tasks) {
      child.tasks.emplace_back(open(path.c_str(), O_WRONLY | O_CLOEXEC));
      if (!child.tasks.back()) return util::ErrnoStatus(absl::StrCat("open ", path));
    }
  }
  child.descriptors = {{{control.get(), kControlDescriptor}, {directory.get(), kRunDirectoryDescriptor}}, 0};
  int next = kFirstHeldDescriptor;
  std::vector<util::UniqueFd> aside;
  for (const util::UniqueFd& descriptor : held) {
    aside.push_back(Aside(descriptor.get(), held.size()));
    if (!aside.back()) return util::ErrnoStatus("duplicate a descriptor");
    child.descriptors.from_to.emplace_back(aside.back().get(), next++);
  }
  child.descriptors.first_closed = next;
  // Name and uid are for those who look at the list of processes.
  std::string title = "reeve-supervisor";
  std::string guest = plan.name;
  std::string uid = plan.uid;
  char* const arguments[] = {title.data(), guest.data(), uid.data(), nullptr};
  // Of ours, for the child has closed it by then.
  const std::string path = absl::StrCat("/proc/", getpid(), "/fd/", program);
  child.program = path.c_str();
  child.arguments = arguments;
  const int error = Spawn(&child, group, &supervisor);
  if (error != 0) return util::ErrnoStatus(error, absl::StrCat("execute ", name));
  if (!supervisor.pidfd) supervisor.pidfd = util::OpenPidfd(supervisor.pid);
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

#include "drivers/lxc/supervisor/launch.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cstring>

#include "drivers/lxc/supervisor/child.h"
#include "drivers/lxc/supervisor/mounts.h"
#include "drivers/lxc/supervisor/netlink.h"
#include "util/pidfd.h"

namespace reeve::lxc {
namespace {

bool Say(int socket, ChildWord word) {
  const char byte = static_cast<char>(word);
  return send(socket, &byte, 1, MSG_NOSIGNAL) == 1;
}

bool WriteFile(const std::string& path, const std::string& content) {
  const util::UniqueFd file(open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!file) return false;
  const ssize_t written = write(file.get(), content.data(), content.size());
  return written == static_cast<ssize_t>(content.size());
}

std::string MapText(const std::vector<IdRange>& ranges) {
  std::string text;
  for (const IdRange& range : ranges) {
    text +=
        std::to_string(range.inside) + " " + std::to_string(range.outside) + " " + std::to_string(range.count) + "\n";
  }
  return text;
}

bool MapIds(const LaunchPlan& plan, const Preparation& preparation, pid_t pid, Failure* failure) {
  const std::string proc = "/proc/" + std::to_string(pid);
  if (!WriteFile(proc + "/uid_map", MapText(plan.users))) return Fail(failure, Step::kMapIds, "user ids");
  if (!WriteFile(proc + "/gid_map", MapText(plan.groups))) return Fail(failure, Step::kMapIds, "group ids");
  if (!preparation.shift_root) return true;
  const util::UniqueFd ids(open((proc + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  if (!ids || !MapOwners(preparation.root.get(), ids.get())) return Fail(failure, Step::kMapRoot, plan.root);
  return true;
}

bool JoinGroups(const LaunchPlan& plan, pid_t pid, Failure* failure) {
  const std::string text = std::to_string(pid);
  for (const std::string& procs : plan.v1_procs) {
    if (!WriteFile(procs, text)) return Fail(failure, Step::kJoinGroup, procs);
  }
  return true;
}

bool MakeInterfaces(const LaunchPlan& plan, pid_t pid, Failure* failure) {
  if (plan.interfaces.empty()) return true;
  const util::UniqueFd netlink = OpenNetlink();
  if (!netlink) return Fail(failure, Step::kMakeInterface);
  for (const InterfacePlan& interface : plan.interfaces) {
    if (!MakeInterface(netlink.get(), interface, pid, failure)) return false;
  }
  return true;
}

// Why the first process has closed its socket without a word: how it ended.
bool FailByDeath(const Guest& guest, Failure* failure) {
  siginfo_t info = {};
  if (waitid(P_PIDFD, static_cast<id_t>(guest.pidfd.get()), &info, WEXITED | WNOWAIT) < 0) {
    return Fail(failure, Step::kSetUp, "wait for the first process");
  }
  if (info.si_code == CLD_EXITED) {
    return FailWith(failure, Step::kSetUp, 0, "the first process exited with code " + std::to_string(info.si_status));
  }
  return FailWith(failure, Step::kSetUp, 0, "the first process was killed by signal " + std::to_string(info.si_status));
}

// The report of a first process; false when the message is something else.
bool ReadFailure(const char* bytes, size_t size, Failure* failure) {
  if (size < 6 || bytes[0] != static_cast<char>(ChildWord::kFailed)) return false;
  failure->step = static_cast<Step>(bytes[1]);
  memcpy(&failure->error, bytes + 2, sizeof failure->error);
  failure->object.assign(bytes + 6, size - 6);
  return true;
}

// Listens to the first process until init runs, or is ready to.
bool AwaitChild(const LaunchPlan& plan, Guest* guest, Failure* failure) {
  bool executing = false;
  for (;;) {
    char bytes[1200];
    const ssize_t got = recv(guest->channel.get(), bytes, sizeof bytes, 0);
    // ECONNRESET comes once, before what a child said that died with our words unread (unix(7)): its report is still
    // there.
    if (got < 0 && (errno == EINTR || errno == ECONNRESET)) continue;
    if (got < 0) return Fail(failure, Step::kSynchronize);
    if (got == 0) return executing || FailByDeath(*guest, failure);
    switch (static_cast<ChildWord>(bytes[0])) {
      case ChildWord::kExecuting:
        executing = true;
        break;
      case ChildWord::kReady:
        if (plan.paused) return true;
        break;
      case ChildWord::kFailed:
        (void)ReadFailure(bytes, static_cast<size_t>(got), failure);  // else it stays "set up the guest"
        return false;
      default:
        return FailWith(failure, Step::kSynchronize, EBADMSG, "");
    }
  }
}

bool SetUp(const LaunchPlan& plan, const Preparation& preparation, Guest* guest, Failure* failure) {
  if (!plan.users.empty()) {
    if (!MapIds(plan, preparation, guest->pid, failure)) return false;
    // A send that fails means that the first process has ended: AwaitChild tells how.
    if (!Say(guest->channel.get(), ChildWord::kMapped)) return AwaitChild(plan, guest, failure);
  }
  if (!JoinGroups(plan, guest->pid, failure) || !MakeInterfaces(plan, guest->pid, failure)) {
    // The first process may have ended meanwhile, and this only follows from it (ESRCH): then its own report counts.
    if (failure->error == ESRCH) return AwaitChild(plan, guest, failure) && false;
    return false;
  }
  (void)Say(guest->channel.get(), ChildWord::kAttached);  // as above
  return AwaitChild(plan, guest, failure);
}

}  // namespace

int64_t RealTime() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * int64_t{1000000000} + now.tv_nsec;
}

bool Launch(const LaunchPlan& plan, const Preparation& preparation, int group, Guest* guest, Failure* failure) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
    return Fail(failure, Step::kClone, "socket pair");
  guest->channel.Reset(ends[0]);
  util::UniqueFd child_end(ends[1]);
  int pidfd = -1;
  clone_args arguments = {};
  arguments.flags = plan.namespaces | CLONE_PIDFD | CLONE_CLEAR_SIGHAND | (group >= 0 ? CLONE_INTO_CGROUP : 0);
  arguments.pidfd = reinterpret_cast<uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (group >= 0) arguments.cgroup = static_cast<uint64_t>(group);
  guest->start_time_ns = RealTime();
  const pid_t pid = static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid < 0) return Fail(failure, Step::kClone);
  if (pid == 0) {
    guest->channel.Reset();
    RunChild(plan, preparation, child_end.get());
  }
  child_end.Reset();
  guest->pid = pid;
  guest->pidfd.Reset(pidfd);
  if (SetUp(plan, preparation, guest, failure)) {
    if (!plan.paused) guest->channel.Reset();
    return true;
  }
  const Failure first = *failure;
  (void)util::SignalPidfd(pidfd, SIGKILL);  // ESRCH: it is dead
  siginfo_t info = {};
  while (waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED) < 0 && errno == EINTR) {
  }
  *guest = Guest();
  *failure = first;
  return false;
}

bool Proceed(Guest* guest) {
  return Say(guest->channel.get(), ChildWord::kProceed);
}

bool HeardFailure(const Guest& guest, Failure* failure) {
  char bytes[1200];
  while (guest.channel) {
    const ssize_t got = recv(guest.channel.get(), bytes, sizeof bytes, MSG_DONTWAIT);
    if (got < 0 && errno == ECONNRESET) continue;
    if (got <= 0) return false;
    if (ReadFailure(bytes, static_cast<size_t>(got), failure)) return true;
  }
  return false;
}

}  // namespace reeve::lxc

#include "drivers/lxc/supervisor/launch.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mount.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>

#include "drivers/lxc/supervisor/child.h"
#include "drivers/lxc/messages.h"
#include "drivers/lxc/supervisor/mounts.h"
#include "drivers/lxc/supervisor/stage.h"
#include "util/pidfd.h"

namespace reeve::lxc {
namespace {

// When the first process has ended, AwaitMounts and AwaitChild tell how; with any other error it would wait for ever.
bool Tell(const Guest& guest, ChildWord word, Failure* failure) {
  if (Say(guest.channel.get(), word) || errno == EPIPE || errno == ECONNRESET) return true;
  return Fail(failure, Step::kSynchronize, "the first process");
}

std::string MapText(const std::vector<IdRange>& ranges) {
  std::string text;
  for (const IdRange& range : ranges) {
    text +=
        std::to_string(range.inside) + " " + std::to_string(range.outside) + " " + std::to_string(range.count) + "\n";
  }
  return text;
}

bool WriteMap(int processes, pid_t pid, const char* file, const std::vector<IdRange>& ranges) {
  const std::string path = std::to_string(pid) + "/" + file;
  const util::UniqueFd map(openat(processes, path.c_str(), O_WRONLY | O_CLOEXEC));
  const std::string text = MapText(ranges);
  return map && write(map.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

bool MapIds(const LaunchPlan& plan, int processes, pid_t pid, Failure* failure) {
  if (!WriteMap(processes, pid, "uid_map", plan.users)) return Fail(failure, Step::kMapIds, "user ids");
  if (!WriteMap(processes, pid, "gid_map", plan.groups)) return Fail(failure, Step::kMapIds, "group ids");
  return true;
}

// Here, for on the stage there are no control groups.
bool OpenGroups(const LaunchPlan& plan, Preparation* preparation, Failure* failure) {
  preparation->groups.clear();
  for (const std::string& path : plan.v1_tasks) {
    preparation->groups.emplace_back(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!preparation->groups.back()) return Fail(failure, Step::kJoinGroup, path);
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

// The kernel's file systems, which the first process has made in its namespaces.
bool AwaitMounts(Guest* guest, KernelMounts* mounts, Failure* failure) {
  char bytes[1200];
  iovec vector = {bytes, sizeof bytes};
  alignas(cmsghdr) char control[CMSG_SPACE(3 * sizeof(int))];
  msghdr message = {};
  ssize_t got;
  do {
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control;
    message.msg_controllen = sizeof control;
    got = recvmsg(guest->channel.get(), &message, MSG_CMSG_CLOEXEC);
  } while (got < 0 && (errno == EINTR || errno == ECONNRESET));
  if (got < 0) return Fail(failure, Step::kSynchronize);
  if (got == 0) return FailByDeath(*guest, failure);
  if (ReadFailure(bytes, static_cast<size_t>(got), failure)) return false;
  int descriptors[3] = {-1, -1, -1};
  if (const cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr && header->cmsg_type == SCM_RIGHTS) {
    memcpy(descriptors, CMSG_DATA(header), std::min<size_t>(header->cmsg_len - CMSG_LEN(0), sizeof descriptors));
  }
  size_t next = 0;
  mounts->processes.Reset(descriptors[next++]);
  const char which = got == 2 ? bytes[1] : 0;
  if ((which & kMountsSystem) != 0) mounts->system.Reset(descriptors[next++]);
  if ((which & kMountsQueues) != 0) mounts->queues.Reset(descriptors[next++]);
  if (got == 2 && bytes[0] == static_cast<char>(ChildWord::kMounts) && mounts->processes) return true;
  return FailWith(failure, Step::kSynchronize, EBADMSG, "");
}

bool SetUp(const LaunchPlan& plan, const Preparation& preparation, Stage* stage, Guest* guest, Failure* failure) {
  if (!plan.users.empty() && (!MapIds(plan, stage->directory_of_processes(), guest->pid, failure) ||
                              !stage->MapOwners(plan, preparation, guest->pid, failure))) {
    return false;
  }
  if (!Tell(*guest, ChildWord::kMapped, failure)) return false;
  KernelMounts kernel;
  if (!AwaitMounts(guest, &kernel, failure) || !stage->Build(plan, preparation, kernel, failure)) return false;
  if (!Tell(*guest, ChildWord::kBuilt, failure)) return false;
  if (!MakeInterfaces(plan, guest->pid, stage->directory_of_processes(), &guest->borrowed, failure)) {
    // The first process may have ended meanwhile, and this only follows from it (ESRCH): then its own report counts.
    if (failure->error == ESRCH) return AwaitChild(plan, guest, failure) && false;
    return false;
  }
  return Tell(*guest, ChildWord::kAttached, failure) && AwaitChild(plan, guest, failure);
}

// A visit to the namespaces that the guest shares with others, in which it is born: with a user namespace of its own it
// could not enter them. Only in a process that has one thread.
class Visit {
 public:
  Visit() = default;
  ~Visit() { Leave(); }
  Visit(const Visit&) = delete;
  Visit& operator=(const Visit&) = delete;

  bool Enter(const LaunchPlan& plan, Preparation* preparation, Failure* failure) {
    const std::pair<int32_t, int> shared[] = {
        {plan.shared_network, CLONE_NEWNET}, {plan.shared_ipc, CLONE_NEWIPC}, {plan.shared_uts, CLONE_NEWUTS}};
    for (const auto& [place, flag] : shared) {
      if (place < 0) continue;
      const char* path = flag == CLONE_NEWNET   ? "/proc/thread-self/ns/net"
                         : flag == CLONE_NEWIPC ? "/proc/thread-self/ns/ipc"
                                                : "/proc/thread-self/ns/uts";
      util::UniqueFd own(open(path, O_RDONLY | O_CLOEXEC));
      if (!own || setns(kFirstHeldDescriptor + place, flag) < 0) return Fail(failure, Step::kShareNamespace, path);
      own_.push_back(std::move(own));
    }
    // The sysfs of a network namespace that is not its own a user namespace may not mount (sysfs(5)).
    if (plan.users.empty() || (plan.namespaces & CLONE_NEWNET) != 0) return true;
    preparation->host_system =
        MakeFilesystem("sysfs", {}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    return preparation->host_system || Fail(failure, Step::kMountSys, "/sys");
  }
  void Leave() {
    for (const util::UniqueFd& own : own_) {
      if (setns(own.get(), 0) < 0) _exit(1);  // never; to go on in the guest's would be worse
    }
    own_.clear();
  }

 private:
  std::vector<util::UniqueFd> own_;
};

}  // namespace

int64_t RealTime() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return now.tv_sec * int64_t{1000000000} + now.tv_nsec;
}

bool Launch(const LaunchPlan& plan, Preparation* preparation, int group, Guest* guest, Failure* failure) {
  if (!OpenGroups(plan, preparation, failure)) return false;
  Stage stage;
  if (!stage.Enter(failure)) return false;
  Visit visit;
  if (!visit.Enter(plan, preparation, failure)) return false;
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
    return Fail(failure, Step::kClone, "socket pair");
  guest->channel.Reset(ends[0]);
  util::UniqueFd child_end(ends[1]);
  int pidfd = -1;
  clone_args arguments = {};
  // On the stage at first; it takes its own copy when that is complete.
  arguments.flags = (plan.namespaces & ~uint64_t{CLONE_NEWNS}) | CLONE_PIDFD | CLONE_CLEAR_SIGHAND | (group >= 0 ? CLONE_INTO_CGROUP : 0);
  arguments.pidfd = reinterpret_cast<uintptr_t>(&pidfd);
  arguments.exit_signal = SIGCHLD;
  if (group >= 0) arguments.cgroup = static_cast<uint64_t>(group);
  guest->start_time_ns = RealTime();
  const pid_t pid = static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
  if (pid < 0) return Fail(failure, Step::kClone);
  if (pid == 0) {
    guest->channel.Reset();
    RunChild(plan, *preparation, child_end.get());
  }
  visit.Leave();
  child_end.Reset();
  guest->pid = pid;
  guest->pidfd.Reset(pidfd);
  if (SetUp(plan, *preparation, &stage, guest, failure)) {
    if (!plan.paused) guest->channel.Reset();
    guest->devices = std::move(preparation->devices);
    return true;
  }
  const Failure first = *failure;
  (void)util::SignalPidfd(pidfd, SIGKILL);  // ESRCH: it is dead
  siginfo_t info = {};
  while (waitid(P_PIDFD, static_cast<id_t>(pidfd), &info, WEXITED) < 0 && errno == EINTR) {
  }
  ReturnInterfaces(&guest->borrowed);
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

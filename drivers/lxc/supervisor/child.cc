#include "drivers/lxc/supervisor/child.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <string>
#include <vector>

#include "drivers/lxc/supervisor/child_mounts.h"
#include "drivers/lxc/supervisor/execution.h"
#include "drivers/lxc/supervisor/netlink.h"
#include "drivers/lxc/supervisor/privileges.h"
#include "drivers/lxc/supervisor/user_database.h"

namespace reeve::lxc {
namespace {

constexpr int kFirstPassedDescriptor = 3;  // SD_LISTEN_FDS_START

// Waits for one word. The end of the socket is the end of the supervisor: nobody is left to report to.
void Await(int socket, ChildWord word) {
  char byte = 0;
  ssize_t got;
  do {
    got = recv(socket, &byte, 1, 0);
  } while (got < 0 && errno == EINTR);
  if (got != 1 || byte != static_cast<char>(word)) _exit(1);
}

[[noreturn]] void Report(int socket, const Failure& failure) {
  std::string bytes(1, static_cast<char>(ChildWord::kFailed));
  bytes.push_back(static_cast<char>(failure.step));
  bytes.append(reinterpret_cast<const char*>(&failure.error), sizeof failure.error);
  bytes.append(failure.object, 0, 1024);
  (void)send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);  // when it fails, the supervisor is gone
  _exit(1);
}

bool BecomeRoot(const LaunchPlan& plan, Failure* failure) {
  // The host's session keyring must not be reachable from the guest (keyrings(7)). Joined before the ids change, so
  // that it counts against the host's root and not against the quota of an id that many guests may share.
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS) {
    return Fail(failure, Step::kKeyring);
  }
  if (setgroups(0, nullptr) < 0) return Fail(failure, Step::kBecomeRoot, "groups");
  if (plan.users.empty()) return true;
  if (setresgid(0, 0, 0) < 0) return Fail(failure, Step::kBecomeRoot, "group 0");
  if (setresuid(0, 0, 0) < 0) return Fail(failure, Step::kBecomeRoot, "user 0");
  return true;
}

// libvirt filters the name in the same way: what a host name may not have is left out.
bool SetHostname(const LaunchPlan& plan, Failure* failure) {
  if (plan.hostname.empty() || (plan.namespaces & CLONE_NEWUTS) == 0) return true;
  return sethostname(plan.hostname.data(), plan.hostname.size()) == 0 || Fail(failure, Step::kHostname, plan.hostname);
}

// The descriptors of the groups were opened by the supervisor, whose rights count (cgroups(7)).
bool JoinGroups(const LaunchPlan& plan, const Preparation& preparation, Failure* failure) {
  for (size_t i = 0; i < preparation.groups.size(); ++i) {
    if (write(preparation.groups[i].get(), "0", 1) != 1) return Fail(failure, Step::kJoinGroup, plan.v1_tasks[i]);
  }
  return true;
}

bool SendMounts(int socket, const KernelMounts& mounts) {
  char bytes[2] = {static_cast<char>(ChildWord::kMounts), 0};
  int descriptors[3] = {mounts.processes.get()};
  size_t count = 1;
  if (mounts.system) {
    bytes[1] |= kMountsSystem;
    descriptors[count++] = mounts.system.get();
  }
  if (mounts.queues) {
    bytes[1] |= kMountsQueues;
    descriptors[count++] = mounts.queues.get();
  }
  iovec vector = {bytes, sizeof bytes};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof descriptors)] = {};
  msghdr message = {};
  message.msg_iov = &vector;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = CMSG_SPACE(count * sizeof(int));
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(count * sizeof(int));
  memcpy(CMSG_DATA(header), descriptors, count * sizeof(int));
  return sendmsg(socket, &message, MSG_NOSIGNAL) == sizeof bytes;
}

bool SetUpNetwork(const LaunchPlan& plan, Failure* failure) {
  if ((plan.namespaces & CLONE_NEWNET) == 0) return true;
  const util::UniqueFd netlink = OpenNetlink();
  if (!netlink) return Fail(failure, Step::kLoopback);
  return BringUpLoopback(netlink.get(), failure);
}

bool ConfigureInterfaces(const LaunchPlan& plan, Failure* failure) {
  if (plan.interfaces.empty()) return true;
  const util::UniqueFd netlink = OpenNetlink();
  if (!netlink) return Fail(failure, Step::kAddress);
  for (const InterfacePlan& interface : plan.interfaces) {
    if (!ConfigureInterface(netlink.get(), interface, failure)) return false;
  }
  return true;
}

// The first console becomes controlling terminal and standard streams; without one they are /dev/null.
bool SetUpStreams(const LaunchPlan& plan, uint32_t user, Failure* failure) {
  if (setsid() < 0 && errno != EPERM) return Fail(failure, Step::kMakeConsole, "session");
  const char* path = plan.consoles > 0 ? "/dev/console" : "/dev/null";
  const int terminal = open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (terminal < 0) return Fail(failure, Step::kMakeConsole, path);
  if (plan.consoles > 0) {
    if (ioctl(terminal, TIOCSCTTY, 0) < 0) return Fail(failure, Step::kMakeConsole, "controlling terminal");
    if (user != 0 && fchown(terminal, user, static_cast<gid_t>(-1)) < 0)
      return Fail(failure, Step::kMakeConsole, "owner");
  }
  for (int stream = 0; stream <= 2; ++stream) {
    if (dup2(terminal, stream) < 0) return Fail(failure, Step::kMakeConsole, path);
  }
  return true;
}

// Puts the open files that somebody hands to the guest where sd_listen_fds(3) looks for them. Whatever of ours has
// those numbers is of no use any more; `socket` is moved out of the way.
bool PlaceFiles(const std::vector<util::UniqueFd>& files, int* socket, std::vector<std::string>* environment,
                Failure* failure) {
  if (files.empty()) return true;
  const int first_free = kFirstPassedDescriptor + static_cast<int>(files.size());
  std::vector<int> aside;
  for (const util::UniqueFd& file : files) aside.push_back(fcntl(file.get(), F_DUPFD_CLOEXEC, first_free));
  *socket = fcntl(*socket, F_DUPFD_CLOEXEC, first_free);
  if (*socket < 0) _exit(1);  // nobody is left to report to
  int next = kFirstPassedDescriptor;
  for (const int file : aside) {
    if (file < 0 || dup2(file, next++) < 0) return Fail(failure, Step::kExecute, "descriptors");
  }
  const auto is_ours = [](const std::string& variable) {
    return variable.rfind("LISTEN_FDS=", 0) == 0 || variable.rfind("LISTEN_PID=", 0) == 0;
  };
  environment->erase(std::remove_if(environment->begin(), environment->end(), is_ours), environment->end());
  environment->push_back("LISTEN_FDS=" + std::to_string(files.size()));
  environment->push_back("LISTEN_PID=" + std::to_string(getpid()));
  return true;
}

bool ChangeUser(const LaunchPlan& plan, int* socket, Failure* failure) {
  uint32_t user = 0;
  uint32_t group = 0;
  std::string fault;
  if (!FindUser(plan.user, plan.group, &user, &group, &fault)) return FailWith(failure, Step::kFindUser, 0, fault);
  if (!ResetLimits(failure) || !SetUpStreams(plan, user, failure)) return false;
  // Whatever the supervisor has open ends with the exec; the socket tells by that that it has succeeded.
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) return Fail(failure, Step::kExecute, "descriptors");
  if (plan.personality_32 && personality(PER_LINUX32) < 0) return Fail(failure, Step::kExecute, "personality");
  if (plan.no_new_privileges && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
    return Fail(failure, Step::kCapabilities, "no new privileges");
  }
  // Before the right to do so may be dropped.
  if (!FilterSystemCalls(plan.system_calls, failure)) return false;
  if (!ReducePrivileges(plan.capabilities, user, group, failure)) return false;
  // As the user, so that a directory the user may not enter is an error.
  if (chdir(plan.directory.c_str()) < 0) return Fail(failure, Step::kDirectory, plan.directory);
  // Last, for a change of ids clears it (prctl(2)).
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) return Fail(failure, Step::kParentDeath);
  char byte;
  const ssize_t got = recv(*socket, &byte, 1, MSG_DONTWAIT | MSG_PEEK);
  if (got == 0) _exit(1);  // the supervisor died before the signal was set
  return true;
}

}  // namespace

bool Say(int socket, ChildWord word) {
  const char byte = static_cast<char>(word);
  return send(socket, &byte, 1, MSG_NOSIGNAL) == 1;
}

void RunChild(const LaunchPlan& plan, const Preparation& preparation, int socket) {
  Failure failure;
  // Early as well, so that a supervisor killed now takes us along.
  if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
    Fail(&failure, Step::kParentDeath);
    Report(socket, failure);
  }
  umask(0);
  Await(socket, ChildWord::kMapped);
  KernelMounts mounts;
  if (!BecomeRoot(plan, &failure) || !MakePlaces(plan, preparation, &failure) ||
      !MakeKernelMounts(plan, &mounts, &failure)) {
    Report(socket, failure);
  }
  if (!SendMounts(socket, mounts)) _exit(1);
  // Meanwhile the supervisor puts the mounts together.
  if (!JoinGroups(plan, preparation, &failure) || !SetHostname(plan, &failure) || !SetUpNetwork(plan, &failure)) {
    Report(socket, failure);
  }
  Await(socket, ChildWord::kBuilt);
  if (!TakeStage(plan, &failure)) Report(socket, failure);
  Await(socket, ChildWord::kAttached);
  // Only now, for the present groups become the roots of the namespace (cgroup_namespaces(7)).
  if (unshare(CLONE_NEWCGROUP) < 0) {
    Fail(&failure, Step::kGroupNamespace);
    Report(socket, failure);
  }
  umask(022);
  std::vector<std::string> variables = plan.environment;
  if (!ConfigureInterfaces(plan, &failure) || !ChangeUser(plan, &socket, &failure) ||
      !PlaceFiles(preparation.passed, &socket, &variables, &failure)) {
    Report(socket, failure);
  }
  ResetSignals();
  std::vector<char*> arguments = Pointers(plan.arguments);
  std::vector<char*> environment = Pointers(variables);
  if (plan.paused) {
    // What would make the exec fail is to be told before the guest counts as started.
    if (faccessat(AT_FDCWD, plan.init.c_str(), X_OK, AT_EACCESS) < 0) {
      Fail(&failure, Step::kExecute, plan.init);
      Report(socket, failure);
    }
    if (!Say(socket, ChildWord::kReady)) _exit(1);
    Await(socket, ChildWord::kProceed);
  }
  if (!Say(socket, ChildWord::kExecuting)) _exit(1);
  execve(plan.init.c_str(), arguments.data(), environment.data());
  Fail(&failure, Step::kExecute, plan.init);
  Report(socket, failure);
}

}  // namespace reeve::lxc

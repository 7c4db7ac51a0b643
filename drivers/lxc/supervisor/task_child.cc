#include "drivers/lxc/supervisor/task_child.h"

#include <fcntl.h>
#include <grp.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "drivers/lxc/supervisor/privileges.h"

namespace reeve::lxc {
namespace {

struct Kind {
  const char* name;
  int flag;
};
constexpr Kind kKinds[] = {{"user", CLONE_NEWUSER},    {"mnt", CLONE_NEWNS},  {"pid", CLONE_NEWPID},
                           {"net", CLONE_NEWNET},      {"ipc", CLONE_NEWIPC}, {"uts", CLONE_NEWUTS},
                           {"cgroup", CLONE_NEWCGROUP}};

// Puts the descriptors at their numbers and closes all others: nothing of the supervisor is to be found in a process
// that the guest may come to see.
bool ArrangeDescriptors(const std::vector<int>& descriptors) {
  std::vector<int> high;
  for (const int descriptor : descriptors) {
    // First out of the way of the numbers they are to have.
    const int copy = fcntl(descriptor, F_DUPFD_CLOEXEC, 64);
    if (copy < 0) return false;
    high.push_back(copy);
  }
  for (size_t i = 0; i < high.size(); ++i) {
    if (dup3(high[i], kTaskStatus + static_cast<int>(i), O_CLOEXEC) < 0) return false;
  }
  return close_range(static_cast<unsigned>(kTaskStatus) + static_cast<unsigned>(high.size()), ~0U, 0) == 0;
}

// Those of v1; that of v2 it was born in.
bool JoinGroups(const LaunchPlan& plan) {
  for (const std::string& path : plan.v1_tasks) {
    const util::UniqueFd tasks(open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (!tasks || write(tasks.get(), "0", 1) != 1) {
      return FailTask("put the command into the guest's control groups: " + path, errno);
    }
  }
  return true;
}

bool BecomeGuestRoot(const LaunchPlan& plan) {
  if (syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, nullptr) < 0 && errno != ENOSYS) {
    return FailTask("make a session keyring", errno);
  }
  if (setgroups(0, nullptr) < 0) return FailTask("give up groups", errno);
  if (plan.users.empty()) return true;
  if (setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0) return FailTask("become the guest's root user", errno);
  return true;
}

bool Do(const TaskContext& context) {
  switch (context.request->kind) {
    case TaskKind::kExecute:
      return ExecuteCommand(context);
    case TaskKind::kPushFile:
      return PushFile(context);
    case TaskKind::kPullFile:
      return PullFile(context);
    case TaskKind::kHostname:
      return TellHostname(context);
    case TaskKind::kAddresses:
      return TellAddresses(context);
    case TaskKind::kInitctl:
      return AskInit(context);
    default:  // not a helper's, or done before
      break;
  }
  return FailTask("do what was asked", ENOSYS);
}

}  // namespace

bool FindNamespaces(pid_t guest, int* namespaces) {
  for (const Kind& kind : kKinds) {
    struct stat ours = {};
    struct stat theirs = {};
    const std::string own = std::string("/proc/self/ns/") + kind.name;
    const std::string other = "/proc/" + std::to_string(guest) + "/ns/" + kind.name;
    if (stat(own.c_str(), &ours) < 0 || stat(other.c_str(), &theirs) < 0) {
      return FailTask("find the guest's namespaces", errno);
    }
    if (ours.st_ino != theirs.st_ino || ours.st_dev != theirs.st_dev) *namespaces |= kind.flag;
  }
  return true;
}

bool EnterGuest(const LaunchPlan& plan, int namespaces) {
  // By the pidfd: what a reused pid would have is not entered, for the guest's pidfd is dead then.
  if (namespaces != 0 && setns(kTaskGuest, namespaces) < 0) return FailTask("enter the guest's namespaces", errno);
  return BecomeGuestRoot(plan);
}

void ReportTask(TaskReport report, int descriptor) {
  std::vector<int> descriptors;
  if (descriptor >= 0) descriptors.push_back(descriptor);
  (void)SendWithDescriptors(kTaskStatus, EncodeTaskReport(std::move(report)), descriptors, 0);
}

void ReportEnd() {
  TaskReport report;
  report.kind = TaskReportKind::kEnded;
  ReportTask(std::move(report));
}

bool FailTask(const std::string& what, int error) {
  TaskReport report;
  report.kind = TaskReportKind::kFailed;
  report.text = what;
  report.error = error;
  ReportTask(std::move(report));
  return false;
}

bool FailTask(const Failure& failure) {
  std::string what = StepText(failure.step);
  if (!failure.object.empty()) what += ": " + failure.object;
  return FailTask(what, failure.error);
}

void RunTask(const LaunchPlan& plan, const TaskRequest& request, pid_t guest, const std::vector<int>& descriptors) {
  // Ends with the supervisor, and is not looked into by whoever may look into processes of the guest (prctl(2)).
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  (void)prctl(PR_SET_DUMPABLE, 0);
  (void)signal(SIGPIPE, SIG_IGN);
  TaskContext context = {&plan, &request, guest, descriptors.size() - 3, {}};
  if (request.kind == TaskKind::kInitctl) NoteHostInits(&context.host_inits);
  Failure failure;
  if (!ArrangeDescriptors(descriptors)) _exit(1);
  // While /sys and /proc are the host's: a helper has no place in those of the guest.
  if (request.kind == TaskKind::kExecute && !JoinGroups(plan)) _exit(1);
  if (request.kind == TaskKind::kExecute && !ResetLimits(&failure)) {
    FailTask(failure);
    _exit(1);
  }
  umask(022);
  if (request.kind == TaskKind::kAttachFilesystem || request.kind == TaskKind::kDetachFilesystem) {
    _exit(ChangeFilesystem(context) ? 0 : 1);
  }
  int namespaces = 0;
  if (!FindNamespaces(guest, &namespaces) || !EnterGuest(plan, namespaces)) _exit(1);
  // A command changes to its user itself, which ends what its root user may do here.
  if (request.kind != TaskKind::kExecute && !ReducePrivileges(plan.capabilities, 0, 0, &failure)) {
    FailTask(failure);
    _exit(1);
  }
  _exit(Do(context) ? 0 : 1);
}

}  // namespace reeve::lxc

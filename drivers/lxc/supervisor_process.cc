#include "drivers/lxc/supervisor_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "absl/strings/str_cat.h"
#include "drivers/lxc/messages.h"
#include "util/errno.h"
#include "util/pidfd.h"

namespace reeve::lxc {
namespace {

// A duplicate that is out of the way of the numbers above, and of `more` after them.
util::UniqueFd Aside(int fd, size_t more) {
  return util::UniqueFd(fcntl(fd, F_DUPFD_CLOEXEC, kFirstHeldDescriptor + static_cast<int>(more)));
}

class FileActions {
 public:
  FileActions() { error_ = posix_spawn_file_actions_init(&actions_); }
  ~FileActions() { posix_spawn_file_actions_destroy(&actions_); }
  FileActions(const FileActions&) = delete;
  FileActions& operator=(const FileActions&) = delete;

  void Open(int fd, const char* path, int flags) {
    if (error_ == 0) error_ = posix_spawn_file_actions_addopen(&actions_, fd, path, flags, 0);
  }
  void Duplicate(int from, int to) {
    if (error_ == 0) error_ = posix_spawn_file_actions_adddup2(&actions_, from, to);
  }
  void CloseFrom(int fd) {
    if (error_ == 0) error_ = posix_spawn_file_actions_addclosefrom_np(&actions_, fd);
  }
  int error() const { return error_; }
  const posix_spawn_file_actions_t* get() const { return &actions_; }

 private:
  posix_spawn_file_actions_t actions_;
  int error_ = 0;
};

class Attributes {
 public:
  Attributes() {
    error_ = posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    if (error_ == 0) error_ = posix_spawnattr_setsigmask(&attributes_, &none);
    if (error_ == 0) error_ = posix_spawnattr_setsigdefault(&attributes_, &all);
    if (error_ == 0) {
      error_ = posix_spawnattr_setflags(
          &attributes_, static_cast<short>(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    }
  }
  ~Attributes() { posix_spawnattr_destroy(&attributes_); }
  Attributes(const Attributes&) = delete;
  Attributes& operator=(const Attributes&) = delete;

  int error() const { return error_; }
  const posix_spawnattr_t* get() const { return &attributes_; }

 private:
  posix_spawnattr_t attributes_;
  int error_ = 0;
};

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
  FileActions actions;
  actions.Open(0, "/dev/null", O_RDWR);
  actions.Duplicate(0, 1);
  actions.Duplicate(0, 2);
  actions.Duplicate(control.get(), kControlDescriptor);
  actions.Duplicate(directory.get(), kRunDirectoryDescriptor);
  int next = kFirstHeldDescriptor;
  std::vector<util::UniqueFd> aside;
  for (const util::UniqueFd& descriptor : held) {
    aside.push_back(Aside(descriptor.get(), held.size()));
    if (!aside.back()) return util::ErrnoStatus("duplicate a descriptor");
    actions.Duplicate(aside.back().get(), next++);
  }
  actions.CloseFrom(next);
  const Attributes attributes;
  if (actions.error() != 0) return util::ErrnoStatus(actions.error(), "prepare the supervisor");
  if (attributes.error() != 0) return util::ErrnoStatus(attributes.error(), "prepare the supervisor");
  // Name and uid are for those who look at the list of processes.
  std::string title = "reeve-supervisor";
  std::string guest = plan.name;
  std::string uid = plan.uid;
  char* const arguments[] = {title.data(), guest.data(), uid.data(), nullptr};
  char* const environment[] = {nullptr};
  // Of ours, for the child has closed it by then.
  const std::string path = absl::StrCat("/proc/", getpid(), "/fd/", program);
  const int error =
      posix_spawn(&supervisor.pid, path.c_str(), actions.get(), attributes.get(), arguments, environment);
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

int ReapSupervisor(const SupervisorProcess& supervisor) {
  pollfd ready = {supervisor.pidfd.get(), POLLIN, 0};
  while (poll(&ready, 1, -1) < 0 && errno == EINTR) {
  }
  siginfo_t info = {};
  if (waitid(P_PIDFD, static_cast<id_t>(supervisor.pidfd.get()), &info, WEXITED) < 0)
    return 0;  // ECHILD: not our child
  return info.si_code == CLD_EXITED ? 0 : info.si_status;
}

}  // namespace reeve::lxc

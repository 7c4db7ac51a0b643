// A command, run as the guest's first process is run.
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include <cstring>

#include "drivers/lxc/supervisor/mounts.h"
#include "drivers/lxc/supervisor/privileges.h"
#include "drivers/lxc/supervisor/execution.h"
#include "drivers/lxc/supervisor/task_child.h"
#include "drivers/lxc/supervisor/user_database.h"

namespace reeve::lxc {
namespace {

constexpr char kDefaultPath[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

// Where the command's streams come from.
struct Streams {
  int input = -1;
  int output = -1;
  int error = -1;
  util::UniqueFd master;
  util::UniqueFd slave;
  util::UniqueFd null;
};

// A terminal of the guest's own instance of devpts; what else the guest may have put there is refused.
bool OpenTerminal(const TaskRequest& request, uint32_t user, Streams* streams) {
  const util::UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const util::UniqueFd place = OpenInRoot(root.get(), "/dev/pts/ptmx", O_PATH | O_CLOEXEC);
  struct statfs system = {};
  if (!place || fstatfs(place.get(), &system) < 0) return FailTask("open /dev/pts/ptmx", errno);
  if (system.f_type != DEVPTS_SUPER_MAGIC) return FailTask("open /dev/pts/ptmx: it is no terminal of devpts", 0);
  streams->master.Reset(
      openat(kTaskSelf, std::to_string(place.get()).c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!streams->master) return FailTask("open /dev/pts/ptmx", errno);
  int locked = 0;
  if (ioctl(streams->master.get(), TIOCSPTLCK, &locked) < 0) return FailTask("unlock the terminal", errno);
  streams->slave.Reset(ioctl(streams->master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
  if (!streams->slave) return FailTask("open the terminal", errno);
  if (fchown(streams->slave.get(), user, static_cast<gid_t>(-1)) < 0) return FailTask("own the terminal", errno);
  winsize size = {};
  size.ws_col = request.columns;
  size.ws_row = request.rows;
  if (ioctl(streams->master.get(), TIOCSWINSZ, &size) < 0) return FailTask("size the terminal", errno);
  streams->input = streams->output = streams->error = streams->slave.get();
  return true;
}

bool OpenStreams(const TaskContext& context, uint32_t user, Streams* streams) {
  if (context.request->terminal) return OpenTerminal(*context.request, user, streams);
  if (context.streams == 3) {
    streams->input = kTaskStreams;
    streams->output = kTaskStreams + 1;
    streams->error = kTaskStreams + 2;
    return true;
  }
  const util::UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  streams->null = OpenInRoot(root.get(), "/dev/null", O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
  if (!streams->null) return FailTask("open /dev/null", errno);
  streams->input = streams->output = streams->error = streams->null.get();
  return true;
}

std::string Variable(const std::vector<std::string>& environment, const char* name) {
  const std::string begin = std::string(name) + "=";
  std::string value;
  for (const std::string& variable : environment) {
    if (variable.compare(0, begin.size(), begin) == 0) value = variable.substr(begin.size());  // the last counts
  }
  return value;
}

// The variables of the first process, those of the request in place of the ones of the same name.
std::vector<std::string> Environment(const LaunchPlan& plan, const TaskRequest& request) {
  std::vector<std::string> all = request.environment;
  for (const std::string& variable : plan.environment) {
    const std::string name = variable.substr(0, variable.find('=') + 1);
    bool given = false;
    for (const std::string& other : request.environment) given = given || other.compare(0, name.size(), name) == 0;
    if (!given) all.push_back(variable);
  }
  return all;
}

// Tries the places of PATH as execvp(3) does, and tells the error that says most.
int ExecuteFound(const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  std::vector<char*> pointers = Pointers(arguments);
  std::vector<char*> variables = Pointers(environment);
  const std::string& program = arguments[0];
  if (program.find('/') != std::string::npos) {
    execve(program.c_str(), pointers.data(), variables.data());
    return errno;
  }
  std::string path = Variable(environment, "PATH");
  if (path.empty()) path = kDefaultPath;
  int error = ENOENT;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find(':', begin), path.size());
    const std::string place = path.substr(begin, end - begin);
    if (!place.empty() && place[0] == '/') {  // "" and "." would be whatever directory it starts in
      execve((place + "/" + program).c_str(), pointers.data(), variables.data());
      if (errno != ENOENT && errno != ENOTDIR) error = errno;
    }
    begin = end + 1;
  }
  return error;
}

[[noreturn]] void RunCommand(const TaskContext& context, const Streams& streams) {
  const LaunchPlan& plan = *context.plan;
  const TaskRequest& request = *context.request;
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (setsid() < 0) {
    FailTask("make a session", errno);
    _exit(126);
  }
  if (streams.slave && ioctl(streams.slave.get(), TIOCSCTTY, 0) < 0) {
    FailTask("take the terminal", errno);
    _exit(126);
  }
  const int wanted[3] = {streams.input, streams.output, streams.error};
  for (int stream = 0; stream < 3; ++stream) {
    if (dup2(wanted[stream], stream) < 0) {
      FailTask("set up the streams", errno);
      _exit(126);
    }
  }
  if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) < 0) {
    FailTask("close descriptors", errno);
    _exit(126);
  }
  const std::string& directory = request.directory.empty() ? plan.directory : request.directory;
  if (chdir(directory.empty() ? "/" : directory.c_str()) < 0) {
    FailTask("change to " + directory, errno);
    _exit(126);
  }
  ResetSignals();
  const int error = ExecuteFound(request.arguments, Environment(plan, request));
  FailTask("execute " + request.arguments[0], error);
  _exit(127);
}

}  // namespace

bool ExecuteCommand(const TaskContext& context) {
  const LaunchPlan& plan = *context.plan;
  const TaskRequest& request = *context.request;
  if (request.arguments.empty()) return FailTask("execute nothing", EINVAL);
  uint32_t user = 0;
  uint32_t group = 0;
  std::string fault;
  const bool own_user = !request.user.empty();
  const std::string& group_name = !request.group.empty() || own_user ? request.group : plan.group;
  if (!FindUser(own_user ? request.user : plan.user, group_name, &user, &group, &fault)) return FailTask(fault, 0);
  Streams streams;
  if (!OpenStreams(context, user, &streams)) return false;
  Failure failure;
  if (plan.personality_32 && personality(PER_LINUX32) < 0) return FailTask("set the personality", errno);
  // Before the right to do so may be dropped.
  if (!FilterSystemCalls(plan.system_calls, &failure)) return FailTask(failure);
  // Before there is a process in the guest's pid namespace: none that has more than the guest may be seen there.
  if (!ReducePrivileges(plan.capabilities, user, group, &failure)) return FailTask(failure);
  (void)prctl(PR_SET_PDEATHSIG, SIGKILL);  // the change of user has cleared it
  (void)prctl(PR_SET_DUMPABLE, 0);         // and set this
  int pidfd = -1;
  // A child of the supervisor, which thus learns how it ends.
  const long pid = syscall(SYS_clone, CLONE_PARENT | CLONE_PIDFD, nullptr, &pidfd, nullptr, nullptr);
  if (pid < 0) return FailTask("make a process", errno);
  if (pid == 0) RunCommand(context, streams);
  const util::UniqueFd process(pidfd);
  std::string found(1, kChildFound);
  found += std::to_string(pid);
  std::vector<int> descriptors = {process.get()};
  if (streams.master) descriptors.push_back(streams.master.get());
  return SendWithDescriptors(kTaskStatus, found, descriptors, 0) == 0;
}

}  // namespace reeve::lxc

// The floor of starting a container: what the kernel alone costs, without a daemon, a plan, a console or a check.
// Prints one line for each cycle: nanoseconds from the start to the first instruction of init, and from the kill to
// nothing left.
//
// usage: floor CYCLES ROOT FIFO-IN-ROOT [network] [users] [cgroups]
//   network  a network namespace of its own     users  a user namespace, 65536 ids from 100000, root mapped by an
//   id-mapped mount cgroups  a group in every mounted v1 controller, and one in the v2 hierarchy
#include <fcntl.h>
#include <linux/mount.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

namespace {

uint64_t Now() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000u + static_cast<uint64_t>(time.tv_nsec);
}

[[noreturn]] void Fail(const char* step) {
  fprintf(stderr, "floor: %s: %s\n", step, strerror(errno));
  _exit(1);
}

void Check(bool good, const char* step) {
  if (!good) Fail(step);
}

void WriteFile(const std::string& path, const std::string& text) {
  const int fd = open(path.c_str(), O_WRONLY | O_CLOEXEC);
  Check(fd >= 0 && write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size()), path.c_str());
  close(fd);
}

struct Options {
  std::string root;
  std::string fifo;
  bool network = false;
  bool users = false;
  bool cgroups = false;
};

const std::vector<std::string>& Controllers() {
  static const std::vector<std::string> controllers = {"cpu",     "cpuacct", "cpuset", "memory",
                                                       "devices", "freezer", "blkio",  "pids"};
  return controllers;
}

std::string Group(const std::string& controller) {
  return "/sys/fs/cgroup/" + controller + "/reeve-floor";
}

void MakeGroups(pid_t pid) {
  for (const auto& controller : Controllers()) {
    const std::string group = Group(controller);
    Check(mkdir(group.c_str(), 0755) == 0, group.c_str());
    if (controller == "cpuset") {
      WriteFile(group + "/cpuset.cpus", "0");
      WriteFile(group + "/cpuset.mems", "0");
    }
    if (controller == "memory") WriteFile(group + "/memory.limit_in_bytes", "268435456");
    WriteFile(group + "/cgroup.procs", std::to_string(pid));
  }
}

void RemoveGroups() {
  for (const auto& controller : Controllers()) {
    // A task leaves its group a moment after it is reaped.
    while (rmdir(Group(controller).c_str()) != 0 && errno == EBUSY) sched_yield();
  }
}

// The root as a detached mount, its owners shifted by the child's user namespace.
int OpenRoot(const Options& options, pid_t pid) {
  const int root = static_cast<int>(syscall(SYS_open_tree, AT_FDCWD, options.root.c_str(), 1 /*OPEN_TREE_CLONE*/));
  Check(root >= 0, "open_tree");
  if (options.users) {
    const std::string path = "/proc/" + std::to_string(pid) + "/ns/user";
    mount_attr attributes = {};
    attributes.attr_set = MOUNT_ATTR_IDMAP;
    const int users = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    attributes.userns_fd = static_cast<uint64_t>(users);
    Check(users >= 0 && syscall(SYS_mount_setattr, root, "", AT_EMPTY_PATH, &attributes, sizeof attributes) == 0,
          "mount_setattr");
    close(users);
  }
  return root;
}

void SendDescriptor(int socket, int fd) {
  char byte = 'x';
  iovec data = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  cmsghdr* header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(header), &fd, sizeof fd);
  Check(sendmsg(socket, &message, 0) == 1, "sendmsg");
}

int ReceiveDescriptor(int socket) {
  char byte;
  iovec data = {&byte, 1};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  msghdr message = {};
  message.msg_iov = &data;
  message.msg_iovlen = 1;
  message.msg_control = control;
  message.msg_controllen = sizeof control;
  Check(recvmsg(socket, &message, MSG_CMSG_CLOEXEC) == 1, "recvmsg");
  int fd;
  memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
  return fd;
}

[[noreturn]] void Child(const Options& options, int socket) {
  const int root = ReceiveDescriptor(socket);
  if (options.users) Check(setresgid(0, 0, 0) == 0 && setresuid(0, 0, 0) == 0, "setresuid");
  Check(sethostname("floor", 5) == 0, "sethostname");
  Check(mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0, "make private");
  Check(syscall(SYS_move_mount, root, "", AT_FDCWD, options.root.c_str(), 4 /*MOVE_MOUNT_F_EMPTY_PATH*/) == 0,
        "move_mount");
  Check(chdir(options.root.c_str()) == 0, "chdir");
  Check(mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr) == 0, "mount proc");
  Check(mount("tmpfs", "dev", "tmpfs", MS_NOSUID, "mode=755,size=64k") == 0, "mount dev");
  Check(mkdir("dev/pts", 0755) == 0, "mkdir dev/pts");
  Check(mount("devpts", "dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620") == 0,
        "mount devpts");
  Check(syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 && chdir("/") == 0, "pivot_root");
  if (options.network) {
    const int control = socket >= 0 ? ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0) : -1;
    ifreq request = {};
    strcpy(request.ifr_name, "lo");
    request.ifr_flags = IFF_UP;
    Check(control >= 0 && ioctl(control, SIOCSIFFLAGS, &request) == 0, "bring lo up");
  }
  execl("/sbin/init", "/sbin/init", options.fifo.c_str(), static_cast<char*>(nullptr));
  Fail("exec /sbin/init");
}

void Cycle(const Options& options, int fifo) {
  int sockets[2];
  Check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, sockets) == 0, "socketpair");
  const uint64_t begin = Now();
  int pidfd = -1;
  clone_args arguments = {};
  arguments.flags = CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_PIDFD;
  if (options.network) arguments.flags |= CLONE_NEWNET;
  if (options.users) arguments.flags |= CLONE_NEWUSER;
  if (options.cgroups) arguments.flags |= CLONE_NEWCGROUP;
  arguments.exit_signal = SIGCHLD;
  arguments.pidfd = reinterpret_cast<uint64_t>(&pidfd);
  const pid_t pid = static_cast<pid_t>(syscall(SYS_clone3, &arguments, sizeof arguments));
  Check(pid >= 0, "clone3");
  if (pid == 0) Child(options, sockets[1]);
  if (options.users) {
    WriteFile("/proc/" + std::to_string(pid) + "/uid_map", "0 100000 65536");
    WriteFile("/proc/" + std::to_string(pid) + "/gid_map", "0 100000 65536");
  }
  if (options.cgroups) MakeGroups(pid);
  const int root = OpenRoot(options, pid);
  SendDescriptor(sockets[0], root);
  close(root);
  pollfd ready = {fifo, POLLIN, 0};
  Check(poll(&ready, 1, 5000) == 1, "wait for init");
  char stamp[64] = {};
  Check(read(fifo, stamp, sizeof stamp - 1) > 0, "read stamp");
  const uint64_t first = strtoull(stamp, nullptr, 10);
  const uint64_t kill_begin = Now();
  Check(syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, nullptr, 0) == 0, "pidfd_send_signal");
  Check(waitpid(pid, nullptr, 0) == pid, "waitpid");
  if (options.cgroups) RemoveGroups();
  const uint64_t end = Now();
  close(pidfd);
  close(sockets[0]);
  close(sockets[1]);
  printf("%llu %llu\n", static_cast<unsigned long long>(first - begin),
         static_cast<unsigned long long>(end - kill_begin));
  fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
  if (count < 4) {
    fprintf(stderr, "usage: floor CYCLES ROOT FIFO-IN-ROOT [network] [users] [cgroups]\n");
    return 2;
  }
  Options options;
  options.root = words[2];
  options.fifo = words[3];
  for (int word = 4; word < count; ++word) {
    options.network |= strcmp(words[word], "network") == 0;
    options.users |= strcmp(words[word], "users") == 0;
    options.cgroups |= strcmp(words[word], "cgroups") == 0;
  }
  const std::string path = options.root + options.fifo;
  const int fifo = open(path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  Check(fifo >= 0, path.c_str());
  for (int cycle = atoi(words[1]); cycle > 0; --cycle) Cycle(options, fifo);
}

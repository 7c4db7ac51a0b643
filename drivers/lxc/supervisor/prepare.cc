#include "drivers/lxc/supervisor/prepare.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cstdio>
#include <string>

#include "drivers/lxc/supervisor/mounts.h"

namespace reeve::lxc {
namespace {

constexpr uint32_t kOverflowId = 65534;
constexpr uint32_t kTerminalGroup = 5;  // "tty" of the Linux Standard Base

struct Node {
  const char* name;
  unsigned major;
  unsigned minor;
};
// Documentation/admin-guide/devices.txt of the kernel.
constexpr Node kNodes[] = {{"null", 1, 3},   {"zero", 1, 5},    {"full", 1, 7},
                           {"random", 1, 8}, {"urandom", 1, 9}, {"tty", 5, 0}};

struct Link {
  const char* name;
  const char* target;
};
constexpr Link kLinks[] = {{"fd", "/proc/self/fd"},
                           {"stdin", "/proc/self/fd/0"},
                           {"stdout", "/proc/self/fd/1"},
                           {"stderr", "/proc/self/fd/2"},
                           {"ptmx", "pts/ptmx"}};

bool OpenRoot(const LaunchPlan& plan, Preparation* preparation, Failure* failure) {
  preparation->root = CloneTree(AT_FDCWD, plan.root.c_str(), true);
  if (!preparation->root) return Fail(failure, Step::kOpenRoot, plan.root);
  struct stat status = {};
  if (fstat(preparation->root.get(), &status) < 0) return Fail(failure, Step::kOpenRoot, plan.root);
  if (!S_ISDIR(status.st_mode)) return FailWith(failure, Step::kOpenRoot, ENOTDIR, plan.root);
  const bool mapped = !plan.users.empty();
  preparation->shift_root = mapped && status.st_uid == 0;
  // A guest that cannot make device nodes must not find usable ones in its root either.
  if (mapped && !SetAttributes(preparation->root.get(), MOUNT_ATTR_NODEV, true)) {
    return Fail(failure, Step::kOpenRoot, plan.root);
  }
  return true;
}

bool OpenSources(const LaunchPlan& plan, Preparation* preparation, Failure* failure) {
  for (const FilesystemPlan& filesystem : plan.filesystems) {
    util::UniqueFd tree;
    if (filesystem.kind == FilesystemKind::kMount) {
      tree = CloneTree(AT_FDCWD, filesystem.source.c_str(), true);
      if (!tree) return Fail(failure, Step::kOpenSource, filesystem.source);
      const uint64_t attributes = (filesystem.read_only ? uint64_t{MOUNT_ATTR_RDONLY} : 0) |
                                  (plan.users.empty() ? 0 : uint64_t{MOUNT_ATTR_NODEV});
      if (attributes != 0 && !SetAttributes(tree.get(), attributes, true)) {
        return Fail(failure, Step::kOpenSource, filesystem.source);
      }
    }
    preparation->sources.push_back(std::move(tree));
  }
  return true;
}

bool MakeDevices(const LaunchPlan& plan, Preparation* preparation, Failure* failure) {
  const uint32_t user = OutsideId(plan.users, 0);
  const uint32_t group = OutsideId(plan.groups, 0);
  preparation->devices = MakeFilesystem("tmpfs", {{"mode", "0755"}, {"size", "512k"}}, MOUNT_ATTR_NOSUID);
  if (!preparation->devices) return Fail(failure, Step::kMakeDevices, "tmpfs");
  const int devices = preparation->devices.get();
  const auto own = [&](const char* name) { return fchownat(devices, name, user, group, AT_SYMLINK_NOFOLLOW) == 0; };
  if (fchown(devices, user, group) < 0 && fchownat(devices, "", user, group, AT_EMPTY_PATH) < 0) {
    return Fail(failure, Step::kMakeDevices, "/dev");
  }
  for (const Node& node : kNodes) {
    if (mknodat(devices, node.name, S_IFCHR | 0666, makedev(node.major, node.minor)) < 0 || !own(node.name)) {
      return Fail(failure, Step::kMakeDevices, std::string("/dev/") + node.name);
    }
  }
  for (const Link& link : kLinks) {
    if (symlinkat(link.target, devices, link.name) < 0 || !own(link.name)) {
      return Fail(failure, Step::kMakeDevices, std::string("/dev/") + link.name);
    }
  }
  for (const char* directory : {"pts", "shm", "mqueue"}) {
    if (mkdirat(devices, directory, 0755) < 0 || !own(directory)) {
      return Fail(failure, Step::kMakeDevices, std::string("/dev/") + directory);
    }
  }
  // Places for the slaves of the consoles.
  for (uint32_t i = 0; i <= plan.consoles && plan.consoles > 0; ++i) {
    const std::string name = i == 0 ? "console" : "tty" + std::to_string(i);
    if (mknodat(devices, name.c_str(), S_IFREG | 0600, 0) < 0 || !own(name.c_str())) {
      return Fail(failure, Step::kMakeDevices, "/dev/" + name);
    }
  }
  preparation->shared_memory = MakeFilesystem(
      "tmpfs", {{"mode", "1777"}, {"uid", std::to_string(user).c_str()}, {"gid", std::to_string(group).c_str()}},
      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV);
  if (!preparation->shared_memory) return Fail(failure, Step::kMakeDevices, "/dev/shm");
  return true;
}

bool MakeTerminals(const LaunchPlan& plan, Preparation* preparation, Failure* failure) {
  uint32_t group = OutsideId(plan.groups, kTerminalGroup);
  if (group == kOverflowId) group = OutsideId(plan.groups, 0);
  preparation->terminals_directory = MakeFilesystem(
      "devpts",
      {{"newinstance", nullptr}, {"ptmxmode", "0666"}, {"mode", "0620"}, {"gid", std::to_string(group).c_str()}},
      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC);
  if (!preparation->terminals_directory) return Fail(failure, Step::kMakeTerminals, "devpts");
  for (uint32_t i = 0; i < plan.consoles; ++i) {
    Terminal terminal;
    terminal.master.Reset(
        openat(preparation->terminals_directory.get(), "ptmx", O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK));
    if (!terminal.master) return Fail(failure, Step::kMakeTerminals, "ptmx");
    int locked = 0;
    if (ioctl(terminal.master.get(), TIOCSPTLCK, &locked) < 0) return Fail(failure, Step::kMakeTerminals, "unlock");
    terminal.slave.Reset(ioctl(terminal.master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!terminal.slave) return Fail(failure, Step::kMakeTerminals, "slave");
    if (fchown(terminal.slave.get(), OutsideId(plan.users, 0), group) < 0) {
      return Fail(failure, Step::kMakeTerminals, "owner of the slave");
    }
    preparation->terminals.push_back(std::move(terminal));
  }
  return true;
}

}  // namespace

uint32_t OutsideId(const std::vector<IdRange>& ranges, uint32_t inside) {
  if (ranges.empty()) return inside;
  for (const IdRange& range : ranges) {
    if (inside >= range.inside && inside - range.inside < range.count) return range.outside + (inside - range.inside);
  }
  return kOverflowId;
}

bool Prepare(const LaunchPlan& plan, Preparation* preparation, Failure* failure) {
  return OpenRoot(plan, preparation, failure) && OpenSources(plan, preparation, failure) &&
         MakeDevices(plan, preparation, failure) && MakeTerminals(plan, preparation, failure);
}

}  // namespace reeve::lxc

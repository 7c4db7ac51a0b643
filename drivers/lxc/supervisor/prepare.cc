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
#include "drivers/lxc/supervisor/nodes.h"

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

bool HasOutside(const std::vector<IdRange>& ranges, uint32_t outside) {
  for (const IdRange& range : ranges) {
    if (outside >= range.outside && outside - range.outside < range.count) return true;
  }
  return false;
}

// What a file system beside those of memory and of the guest itself comes from.
bool OpenSource(const FilesystemPlan& plan, bool mapped, Source* source) {
  const uint64_t attributes =
      (plan.read_only ? uint64_t{MOUNT_ATTR_RDONLY} : 0) | (mapped ? uint64_t{MOUNT_ATTR_NODEV} : 0);
  if (plan.kind == FilesystemKind::kBlock) {
    source->mount = MountDevice(plan.type.c_str(), plan.device.c_str(), plan.read_only, attributes);
  } else {
    source->mount = CloneTree(AT_FDCWD, plan.source.c_str(), true);
    if (source->mount && attributes != 0 && !SetAttributes(source->mount.get(), attributes, true)) return false;
  }
  struct stat status = {};
  if (!source->mount || fstat(source->mount.get(), &status) < 0) return false;
  source->is_directory = S_ISDIR(status.st_mode);
  source->owner = status.st_uid;
  if (mapped && plan.always_shift) {
    source->shift = Shift::kYes;
  } else if (mapped && status.st_uid == 0) {
    source->shift = Shift::kWherePossible;
  }
  return true;
}

bool OpenRoot(const LaunchPlan& plan, Preparation* preparation, Failure* failure) {
  // A guest that cannot make device nodes must not find usable ones in its root either. Read-only it becomes when all
  // places in it are made.
  FilesystemPlan writable = plan.root;
  if (writable.kind == FilesystemKind::kMount) writable.read_only = false;
  Source root;
  const bool mapped = !plan.users.empty();
  if (!OpenSource(writable, mapped, &root)) return Fail(failure, Step::kOpenRoot, plan.root.source);
  if (!root.is_directory) return FailWith(failure, Step::kOpenRoot, ENOTDIR, plan.root.source);
  if (mapped && root.owner != 0 && !HasOutside(plan.users, root.owner)) {
    return FailWith(failure, Step::kOpenRoot, 0,
                    plan.root.source + " belongs to user " + std::to_string(root.owner) +
                        " of the host, who is neither root nor in the guest's id map");
  }
  preparation->shift_root = root.shift != Shift::kNo;
  preparation->root = std::move(root.mount);
  return true;
}

// Made with the host's rights, so that the guest cannot change its size.
bool MakeRam(const LaunchPlan& plan, const FilesystemPlan& filesystem, Source* source) {
  const std::string size = std::to_string(filesystem.ram_size_kib) + "k";
  const std::string user = std::to_string(OutsideId(plan.users, 0));
  const std::string group = std::to_string(OutsideId(plan.groups, 0));
  source->mount = MakeFilesystem(
      "tmpfs", {{"size", size.c_str()}, {"mode", "0755"}, {"uid", user.c_str()}, {"gid", group.c_str()}},
      MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (filesystem.read_only ? MOUNT_ATTR_RDONLY : 0));
  return static_cast<bool>(source->mount);
}

bool OpenSources(const LaunchPlan& plan, Preparation* preparation, Failure* failure) {
  for (const FilesystemPlan& filesystem : plan.filesystems) {
    if (!OpenFilesystem(plan, filesystem, &preparation->sources.emplace_back(), failure)) return false;
  }
  for (const ReplacedFile& file : plan.replaced_files) {
    preparation->replaced.push_back(CloneTree(AT_FDCWD, file.source.c_str(), false));
    if (!preparation->replaced.back()) return Fail(failure, Step::kReplaceFile, file.source);
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
  for (const NodePlan& node : plan.nodes) {
    if (!MakeNode(devices, node, user, group)) return Fail(failure, Step::kMakeDevices, "/dev/" + node.name);
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

bool OpenFilesystem(const LaunchPlan& plan, const FilesystemPlan& filesystem, Source* source, Failure* failure) {
  switch (filesystem.kind) {
    case FilesystemKind::kMount:
    case FilesystemKind::kBlock:
      return OpenSource(filesystem, !plan.users.empty(), source) ||
             Fail(failure, Step::kOpenSource, filesystem.source);
    case FilesystemKind::kRam:
      return MakeRam(plan, filesystem, source) || Fail(failure, Step::kMountFilesystem, filesystem.target);
    case FilesystemKind::kBind:
      return true;
    case FilesystemKind::kImage:
      break;  // the daemon has not seen it
  }
  return FailWith(failure, Step::kOpenSource, EINVAL, filesystem.source);
}

bool Prepare(const LaunchPlan& plan, Preparation* preparation, Failure* failure) {
  return OpenRoot(plan, preparation, failure) && OpenSources(plan, preparation, failure) &&
         MakeDevices(plan, preparation, failure) && MakeTerminals(plan, preparation, failure);
}

}  // namespace reeve::lxc

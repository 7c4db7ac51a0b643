#include "drivers/lxc/supervisor/child_mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string>

#include "drivers/lxc/supervisor/mounts.h"

namespace reeve::lxc {
namespace {

constexpr uint64_t kNoAccess = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

// Files of /proc by which a root without a user namespace would steer the host.
constexpr const char* kProtected[] = {"bus", "fs", "irq", "sysrq-trigger"};

bool AttachAt(const util::UniqueFd& mount, int root, const std::string& path, Step step, Failure* failure) {
  const util::UniqueFd target = MountTarget(root, path, true);
  if (!target || !Attach(mount, target)) return Fail(failure, step, path);
  return true;
}

// Mounts `name` below /proc onto itself.
bool BindProc(int proc, const char* name, bool read_only, const util::UniqueFd* tree, Failure* failure) {
  util::UniqueFd made;
  if (tree == nullptr) {
    made = CloneTree(proc, name, false);
    if (!made) {
      if (errno == ENOENT) return true;  // not in this kernel
      return Fail(failure, Step::kProtectProc, std::string("/proc/") + name);
    }
    tree = &made;
  }
  if (read_only && !SetAttributes(tree->get(), MOUNT_ATTR_RDONLY, false)) {
    return Fail(failure, Step::kProtectProc, std::string("/proc/") + name);
  }
  if (move_mount(tree->get(), "", proc, name, MOVE_MOUNT_F_EMPTY_PATH) < 0) {
    return Fail(failure, Step::kProtectProc, std::string("/proc/") + name);
  }
  return true;
}

bool MountProc(const LaunchPlan& plan, int root, Failure* failure) {
  const util::UniqueFd proc = MakeFilesystem("proc", {}, kNoAccess);
  if (!proc) return Fail(failure, Step::kMountProc, "/proc");
  if (!AttachAt(proc, root, "/proc", Step::kMountProc, failure)) return false;
  // /proc/sys is read-only but for the part that belongs to the guest's own network namespace.
  util::UniqueFd network;
  if ((plan.namespaces & CLONE_NEWNET) != 0) {
    network = CloneTree(proc.get(), "sys/net", false);
    if (!network && errno != ENOENT) return Fail(failure, Step::kProtectProc, "/proc/sys/net");
  }
  if (!BindProc(proc.get(), "sys", true, nullptr, failure)) return false;
  if (network && !BindProc(proc.get(), "sys/net", false, &network, failure)) return false;
  if (!plan.users.empty()) return true;
  for (const char* name : kProtected) {
    if (!BindProc(proc.get(), name, true, nullptr, failure)) return false;
  }
  return true;
}

bool MountSys(const LaunchPlan& plan, int root, Failure* failure) {
  util::UniqueFd sys;
  if ((plan.namespaces & CLONE_NEWNET) != 0 || plan.users.empty()) {
    sys = MakeFilesystem("sysfs", {}, kNoAccess | MOUNT_ATTR_RDONLY);
  } else {
    // A user namespace may not mount the sysfs of a network namespace that it does not own (sysfs(5)).
    sys = CloneTree(AT_FDCWD, "/sys", true);
    if (sys && !SetAttributes(sys.get(), MOUNT_ATTR_RDONLY, true)) sys.Reset();
  }
  if (!sys) return Fail(failure, Step::kMountSys, "/sys");
  return AttachAt(sys, root, "/sys", Step::kMountSys, failure);
}

bool MountDevices(const LaunchPlan& plan, const Preparation& preparation, int root, Failure* failure) {
  if (!AttachAt(preparation.devices, root, "/dev", Step::kMountDev, failure)) return false;
  const int devices = preparation.devices.get();
  if (!AttachAt(preparation.terminals_directory, devices, "/pts", Step::kMountDev, failure) ||
      !AttachAt(preparation.shared_memory, devices, "/shm", Step::kMountDev, failure)) {
    return false;
  }
  if ((plan.namespaces & CLONE_NEWIPC) != 0) {
    const util::UniqueFd queues = MakeFilesystem("mqueue", {}, kNoAccess);
    if (!queues) return Fail(failure, Step::kMountDev, "/dev/mqueue");
    if (!AttachAt(queues, devices, "/mqueue", Step::kMountDev, failure)) return false;
  }
  // Console 0 is /dev/console and /dev/tty1, console n is /dev/tty<n+1>.
  for (uint32_t i = 0; i <= plan.consoles && plan.consoles > 0; ++i) {
    const std::string name = i == 0 ? "console" : "tty" + std::to_string(i);
    const std::string slave = std::to_string(i == 0 ? 0 : i - 1);
    const util::UniqueFd tree = CloneTree(preparation.terminals_directory.get(), slave.c_str(), false);
    if (!tree || move_mount(tree.get(), "", devices, name.c_str(), MOVE_MOUNT_F_EMPTY_PATH) < 0) {
      return Fail(failure, Step::kMakeConsole, "/dev/" + name);
    }
  }
  return true;
}

bool MountFilesystem(const FilesystemPlan& plan, const util::UniqueFd& source, int root, Failure* failure) {
  util::UniqueFd made;
  const util::UniqueFd* mount = &source;
  if (plan.kind == FilesystemKind::kBind) {
    const util::UniqueFd inside = OpenInRoot(root, plan.source, O_PATH);
    if (!inside) return Fail(failure, Step::kOpenSource, plan.source + " in the guest");
    made = CloneTree(inside.get(), "", true);
    if (!made) return Fail(failure, Step::kOpenSource, plan.source + " in the guest");
    if (plan.read_only && !SetAttributes(made.get(), MOUNT_ATTR_RDONLY, true)) {
      return Fail(failure, Step::kMountFilesystem, plan.target);
    }
    mount = &made;
  } else if (plan.kind == FilesystemKind::kRam) {
    const std::string size = std::to_string(plan.ram_size_kib) + "k";
    made = MakeFilesystem("tmpfs", {{"size", size.c_str()}, {"mode", "0755"}},
                          MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | (plan.read_only ? MOUNT_ATTR_RDONLY : 0));
    if (!made) return Fail(failure, Step::kMountFilesystem, plan.target);
    mount = &made;
  }
  struct stat status = {};
  if (fstat(mount->get(), &status) < 0) return Fail(failure, Step::kMountFilesystem, plan.target);
  const util::UniqueFd target = MountTarget(root, plan.target, S_ISDIR(status.st_mode));
  if (!target || !Attach(*mount, target)) return Fail(failure, Step::kMountFilesystem, plan.target);
  return true;
}

bool ChangeRoot(int root, Failure* failure) {
  if (fchdir(root) < 0) return Fail(failure, Step::kPivotRoot);
  // With both arguments alike the old root lies on the new one and is unmounted from there (pivot_root(2), NOTES).
  if (syscall(SYS_pivot_root, ".", ".") < 0) return Fail(failure, Step::kPivotRoot);
  if (umount2(".", MNT_DETACH) < 0) return Fail(failure, Step::kPivotRoot, "the old root");
  if (chdir("/") < 0) return Fail(failure, Step::kPivotRoot);
  return true;
}

}  // namespace

bool BuildMounts(const LaunchPlan& plan, const Preparation& preparation, Failure* failure) {
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return Fail(failure, Step::kPrivateMounts);
  const int root = preparation.root.get();
  if (move_mount(root, "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0) {
    return Fail(failure, Step::kAttachRoot, plan.root);
  }
  if (!MountProc(plan, root, failure) || !MountSys(plan, root, failure) ||
      !MountDevices(plan, preparation, root, failure)) {
    return false;
  }
  for (size_t i = 0; i < plan.filesystems.size(); ++i) {
    if (!MountFilesystem(plan.filesystems[i], preparation.sources[i], root, failure)) return false;
  }
  if (plan.root_read_only && !SetAttributes(root, MOUNT_ATTR_RDONLY, false)) return Fail(failure, Step::kProtectRoot);
  return ChangeRoot(root, failure);
}

}  // namespace reeve::lxc

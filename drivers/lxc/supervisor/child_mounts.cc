#include "drivers/lxc/supervisor/child_mounts.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "drivers/lxc/supervisor/mounts.h"

namespace reeve::lxc {
namespace {

constexpr uint64_t kNoAccess = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;

bool MakeThem(const LaunchPlan& plan, KernelMounts* mounts, Failure* failure) {
  mounts->processes = MakeFilesystem("proc", {}, kNoAccess);
  if (!mounts->processes) return Fail(failure, Step::kMountProc, "/proc");
  mounts->system = MakeFilesystem("sysfs", {}, kNoAccess);
  // A user namespace may not mount the sysfs of a network namespace that it does not own (sysfs(5)).
  if (!mounts->system && (errno != EPERM || plan.users.empty())) return Fail(failure, Step::kMountSys, "/sys");
  if ((plan.namespaces & CLONE_NEWIPC) == 0) return true;
  mounts->queues = MakeFilesystem("mqueue", {}, kNoAccess);
  return mounts->queues || Fail(failure, Step::kMountDev, "/dev/mqueue");
}

struct Errand {
  const LaunchPlan* plan;
  KernelMounts* mounts;
  Failure* failure;
  bool done = false;
};

int RunErrand(void* argument) {
  Errand* errand = static_cast<Errand*>(argument);
  errand->done = MakeThem(*errand->plan, errand->mounts, errand->failure);
  _exit(0);
}

// Whether `path` lies at or below `other`.
bool IsBelow(const std::string& path, const std::string& other) {
  return path.rfind(other, 0) == 0 && (path.size() == other.size() || path[other.size()] == '/' || other.back() == '/');
}

bool MountFilesystem(const FilesystemPlan& filesystem, size_t index, int root, int sources, Failure* failure) {
  util::UniqueFd mount;
  if (filesystem.kind == FilesystemKind::kBind) {
    const util::UniqueFd inside = OpenInRoot(root, filesystem.source, O_PATH);
    if (inside) mount = CloneTree(inside.get(), "", true);
    if (!mount) return Fail(failure, Step::kOpenSource, filesystem.source + " in the guest");
    if (filesystem.read_only && !SetAttributes(mount.get(), MOUNT_ATTR_RDONLY, true)) {
      return Fail(failure, Step::kMountFilesystem, filesystem.target);
    }
  } else {
    // A copy: the flags of it are locked like those of the original, but it may be unmounted, as the original may not.
    mount = CloneTree(sources, std::to_string(index).c_str(), true);
    if (!mount) return Fail(failure, Step::kMountFilesystem, filesystem.target);
  }
  struct stat status = {};
  if (fstat(mount.get(), &status) < 0) return Fail(failure, Step::kMountFilesystem, filesystem.target);
  const util::UniqueFd target = MountTarget(root, filesystem.target, S_ISDIR(status.st_mode));
  if (!target || !Attach(mount, target)) return Fail(failure, Step::kMountFilesystem, filesystem.target);
  return true;
}

}  // namespace

bool MakeKernelMounts(const LaunchPlan& plan, KernelMounts* mounts, Failure* failure) {
  if (plan.users.empty()) return MakeThem(plan, mounts, failure);
  // The helper shares memory and descriptors and runs while this process stands still, as after vfork(2).
  constexpr size_t kStack = 64 * 1024;
  alignas(16) static char stack[kStack];
  Errand errand = {&plan, mounts, failure};
  const pid_t helper =
      clone(RunErrand, stack + kStack, CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_NEWNS | SIGCHLD, &errand);
  if (helper < 0) return Fail(failure, Step::kMountProc, "helper");
  while (waitpid(helper, nullptr, 0) < 0 && errno == EINTR) {
  }
  return errand.done;
}

bool MakePlaces(const LaunchPlan& plan, const Preparation& preparation, Failure* failure) {
  const int root = preparation.root.get();
  for (const auto& [path, step] :
       {std::pair("/proc", Step::kMountProc), std::pair("/sys", Step::kMountSys), std::pair("/dev", Step::kMountDev)}) {
    if (!MountTarget(root, path, true)) return Fail(failure, step, path);
  }
  if (!plan.root.read_only) return true;
  for (size_t i = 0; i < plan.filesystems.size(); ++i) {
    const FilesystemPlan& filesystem = plan.filesystems[i];
    // What lies in another file system is made there, later.
    bool elsewhere = false;
    for (size_t j = 0; j < i; ++j) elsewhere |= IsBelow(filesystem.target, plan.filesystems[j].target);
    for (const char* own : {"/proc", "/sys", "/dev"}) elsewhere |= IsBelow(filesystem.target, own);
    if (elsewhere) continue;
    bool is_directory = preparation.sources[i].is_directory;
    if (filesystem.kind == FilesystemKind::kBind) {
      struct stat status = {};
      const util::UniqueFd source = OpenInRoot(root, filesystem.source, O_PATH);
      if (!source || fstat(source.get(), &status) < 0) {
        return Fail(failure, Step::kOpenSource, filesystem.source + " in the guest");
      }
      is_directory = S_ISDIR(status.st_mode);
    }
    if (!MountTarget(root, filesystem.target, is_directory)) {
      return Fail(failure, Step::kMountFilesystem, filesystem.target);
    }
  }
  return true;
}

bool TakeStage(const LaunchPlan& plan, Failure* failure) {
  if (unshare(CLONE_NEWNS) < 0) return Fail(failure, Step::kCopyStage);
  const util::UniqueFd sources(open("/sources", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const util::UniqueFd root = CloneTree(AT_FDCWD, "/root", true);
  if (!sources || !root) return Fail(failure, Step::kCopyStage);
  if (move_mount(root.get(), "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0) {
    return Fail(failure, Step::kAttachRoot, plan.root.source);
  }
  for (size_t i = 0; i < plan.filesystems.size(); ++i) {
    if (!MountFilesystem(plan.filesystems[i], i, root.get(), sources.get(), failure)) return false;
  }
  return ChangeRoot(root.get()) || Fail(failure, Step::kPivotRoot);
}

}  // namespace reeve::lxc

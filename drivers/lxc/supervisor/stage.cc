#include "drivers/lxc/supervisor/stage.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "drivers/lxc/supervisor/mounts.h"
#include "drivers/lxc/supervisor/protect.h"

namespace reeve::lxc {
namespace {

bool AttachAt(const util::UniqueFd& mount, int root, const char* path, Step step, Failure* failure) {
  // The first process has made the places that were missing.
  const util::UniqueFd target = OpenInRoot(root, path, O_PATH | O_DIRECTORY);
  if (!target || !Attach(mount, target)) return Fail(failure, step, path);
  return true;
}

bool AttachDevices(const LaunchPlan& plan, const Preparation& preparation, const KernelMounts& kernel,
                   Failure* failure) {
  const int root = preparation.root.get();
  const int devices = preparation.devices.get();
  if (!AttachAt(preparation.devices, root, "/dev", Step::kMountDev, failure) ||
      !AttachAt(preparation.terminals_directory, devices, "/pts", Step::kMountDev, failure) ||
      !AttachAt(preparation.shared_memory, devices, "/shm", Step::kMountDev, failure)) {
    return false;
  }
  if (kernel.queues && !AttachAt(kernel.queues, devices, "/mqueue", Step::kMountDev, failure)) return false;
  // Console 0 is /dev/console and /dev/tty1, console n is /dev/tty<n+1>.
  for (uint32_t i = 0; i <= plan.consoles && plan.consoles > 0; ++i) {
    const std::string name = i == 0 ? "console" : "tty" + std::to_string(i);
    const std::string slave = std::to_string(i == 0 ? 0 : i - 1);
    const util::UniqueFd tree = CopyMount(preparation.terminals_directory.get(), slave.c_str());
    if (!tree || move_mount(tree.get(), "", devices, name.c_str(), MOVE_MOUNT_F_EMPTY_PATH) < 0) {
      return Fail(failure, Step::kMakeConsole, "/dev/" + name);
    }
  }
  return true;
}

bool ShiftSource(const Source& source, const FilesystemPlan& filesystem, const util::UniqueFd& ids, Failure* failure) {
  if (source.shift == Shift::kNo || MapOwners(source.mount.get(), ids.get())) return true;
  // A file system that cannot be mapped (EINVAL) keeps its owners, unless it was asked for.
  if (source.shift == Shift::kWherePossible && errno == EINVAL) return true;
  return Fail(failure, Step::kMapRoot, filesystem.source);
}

}  // namespace

bool Stage::Enter(Failure* failure) {
  host_.Reset(open("/proc/self/ns/mnt", O_RDONLY | O_CLOEXEC));
  processes_.Reset(open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!host_ || !processes_) return Fail(failure, Step::kMakeStage, "/proc");
  if (unshare(CLONE_NEWNS) < 0) {
    host_.Reset();
    return Fail(failure, Step::kMakeStage);
  }
  // Before anything else: what is done here must not reach the host.
  if (mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) < 0) return Fail(failure, Step::kPrivateMounts);
  top_ = MakeFilesystem("tmpfs", {{"mode", "0755"}, {"size", "64k"}},
                        MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
  if (!top_ || mkdirat(top_.get(), "root", 0755) < 0 || mkdirat(top_.get(), "sources", 0755) < 0 ||
      mkdirat(top_.get(), "proc", 0700) < 0 || mkdirat(top_.get(), "sys", 0700) < 0) {
    return Fail(failure, Step::kMakeStage);
  }
  if (move_mount(top_.get(), "", AT_FDCWD, "/", MOVE_MOUNT_F_EMPTY_PATH) < 0 || !ChangeRoot(top_.get())) {
    return Fail(failure, Step::kMakeStage, "the root");
  }
  // A user namespace may mount a proc or sysfs only where it sees a whole one (user_namespaces(7)).
  for (const auto& [type, place] : {std::pair("proc", "proc"), std::pair("sysfs", "sys")}) {
    const util::UniqueFd mount = MakeFilesystem(type, {}, MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (!mount || move_mount(mount.get(), "", top_.get(), place, MOVE_MOUNT_F_EMPTY_PATH) < 0) {
      return Fail(failure, Step::kMakeStage, type);
    }
  }
  return true;
}

bool Stage::MapOwners(const LaunchPlan& plan, const Preparation& preparation, pid_t pid, Failure* failure) {
  const util::UniqueFd ids(
      openat(processes_.get(), (std::to_string(pid) + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  if (!ids) return Fail(failure, Step::kMapRoot, "user namespace");
  if (preparation.shift_root && !lxc::MapOwners(preparation.root.get(), ids.get())) {
    if (errno != EINVAL) return Fail(failure, Step::kMapRoot, plan.root.source);
    return FailWith(failure, Step::kMapRoot, 0,
                    plan.root.source + ": this kernel cannot shift the owners of its file system: give the files to user " +
                        std::to_string(OutsideId(plan.users, 0)) + ", or put them on another one (ext4, xfs, btrfs)");
  }
  for (size_t i = 0; i < preparation.sources.size(); ++i) {
    if (!ShiftSource(preparation.sources[i], plan.filesystems[i], ids, failure)) return false;
  }
  return true;
}

bool Stage::MapSource(const Source& source, const FilesystemPlan& filesystem, pid_t pid, Failure* failure) {
  if (source.shift == Shift::kNo) return true;
  const util::UniqueFd ids(
      openat(processes_.get(), (std::to_string(pid) + "/ns/user").c_str(), O_RDONLY | O_CLOEXEC));
  if (!ids) return Fail(failure, Step::kMapRoot, "user namespace");
  return ShiftSource(source, filesystem, ids, failure);
}

bool Stage::PlaceSource(const Source& source, const FilesystemPlan& filesystem, size_t number, Failure* failure) {
  if (!source.mount) return true;
  const util::UniqueFd sources(openat(top_.get(), "sources", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const std::string name = std::to_string(number);
  const int made = source.is_directory ? mkdirat(sources.get(), name.c_str(), 0700)
                                       : mknodat(sources.get(), name.c_str(), S_IFREG | 0600, 0);
  if (made < 0 || move_mount(source.mount.get(), "", sources.get(), name.c_str(), MOVE_MOUNT_F_EMPTY_PATH) < 0) {
    return Fail(failure, Step::kOpenSource, filesystem.source);
  }
  return true;
}

bool Stage::Build(const LaunchPlan& plan, const Preparation& preparation, const KernelMounts& kernel,
                  Failure* failure) {
  const int root = preparation.root.get();
  if (move_mount(root, "", top_.get(), "root", MOVE_MOUNT_F_EMPTY_PATH) < 0) {
    return Fail(failure, Step::kAttachRoot, plan.root.source);
  }
  const util::UniqueFd& system = kernel.system ? kernel.system : preparation.host_system;
  if (!AttachAt(kernel.processes, root, "/proc", Step::kMountProc, failure) ||
      !AttachAt(system, root, "/sys", Step::kMountSys, failure) ||
      !AttachDevices(plan, preparation, kernel, failure) ||
      !Protect(plan, kernel.processes.get(), system.get(), preparation.devices.get(), failure)) {
    return false;
  }
  for (size_t i = 0; i < preparation.replaced.size(); ++i) {
    const std::string& path = plan.replaced_files[i].path;
    if (path.rfind("/proc/", 0) != 0) return FailWith(failure, Step::kReplaceFile, EINVAL, path);
    if (move_mount(preparation.replaced[i].get(), "", kernel.processes.get(), path.c_str() + 6,
                   MOVE_MOUNT_F_EMPTY_PATH) < 0) {
      return Fail(failure, Step::kReplaceFile, path);
    }
  }
  for (size_t i = 0; i < preparation.sources.size(); ++i) {
    if (!PlaceSource(preparation.sources[i], plan.filesystems[i], i, failure)) return false;
  }
  if (plan.root.read_only && !SetAttributes(root, MOUNT_ATTR_RDONLY, false)) return Fail(failure, Step::kProtectRoot);
  return true;
}

void Stage::Leave() {
  if (!host_) return;
  // Never fails for the host's root; a supervisor on a stage would keep what it must not keep.
  if (setns(host_.get(), CLONE_NEWNS) < 0) _exit(1);
  host_.Reset();
  top_.Reset();
}

}  // namespace reeve::lxc

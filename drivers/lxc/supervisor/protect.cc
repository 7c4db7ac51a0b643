#include "drivers/lxc/supervisor/protect.h"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cstring>
#include <string>

#include "drivers/lxc/supervisor/mounts.h"

namespace reeve::lxc {
namespace {

// The descriptor and the path below it of "/proc/sys" and the like.
struct Place {
  int directory = -1;
  const char* path = "";
};

Place Find(const std::string& path, int processes, int system) {
  if (path.rfind("/proc/", 0) == 0) return {processes, path.c_str() + 6};
  if (path.rfind("/sys/", 0) == 0) return {system, path.c_str() + 5};
  return {};
}

bool Put(const util::UniqueFd& tree, const Place& place) {
  return move_mount(tree.get(), "", place.directory, place.path, MOVE_MOUNT_F_EMPTY_PATH) == 0;
}

bool MakeReadOnly(const LaunchPlan& plan, const std::string& path, const Place& place, Failure* failure) {
  // /proc/sys is read-only but for the part that belongs to the guest's own network namespace.
  util::UniqueFd network;
  if (path == "/proc/sys" && (plan.namespaces & CLONE_NEWNET) != 0) {
    network = CopyMount(place.directory, "sys/net");
    if (!network && errno != ENOENT) return Fail(failure, Step::kProtectProc, "/proc/sys/net");
  }
  const util::UniqueFd tree = CopyMount(place.directory, place.path);
  if (!tree && errno == ENOENT) return true;  // not in this kernel
  if (!tree || !SetAttributes(tree.get(), MOUNT_ATTR_RDONLY, false) || !Put(tree, place)) {
    return Fail(failure, Step::kProtectProc, path);
  }
  return !network || Put(network, {place.directory, "sys/net"}) || Fail(failure, Step::kProtectProc, "/proc/sys/net");
}

bool Hide(const std::string& path, const Place& place, int devices, util::UniqueFd* empty, Failure* failure) {
  const util::UniqueFd target(openat(place.directory, place.path, O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!target && errno == ENOENT) return true;
  struct stat status = {};
  if (!target || fstat(target.get(), &status) < 0) return Fail(failure, Step::kHide, path);
  util::UniqueFd cover;
  if (!S_ISDIR(status.st_mode)) {
    cover = CopyMount(devices, "null");
  } else if (!*empty) {
    *empty = MakeFilesystem(
        "tmpfs", {{"mode", "0555"}, {"size", "0"}, {"nr_inodes", "1"}},
        MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
    if (!*empty || !Attach(*empty, target)) return Fail(failure, Step::kHide, path);
    return true;
  } else {
    cover = CopyMount(empty->get(), "");
  }
  return (cover && Attach(cover, target)) || Fail(failure, Step::kHide, path);
}

}  // namespace

bool Protect(const LaunchPlan& plan, int processes, int system, int devices, Failure* failure) {
  if (!plan.system_writable && !SetAttributes(system, MOUNT_ATTR_RDONLY, true)) {
    return Fail(failure, Step::kMountSys, "/sys");
  }
  for (const std::string& path : plan.read_only_paths) {
    const Place place = Find(path, processes, system);
    if (place.directory < 0) return FailWith(failure, Step::kProtectProc, EINVAL, path);
    if (!MakeReadOnly(plan, path, place, failure)) return false;
  }
  util::UniqueFd empty;
  for (const std::string& path : plan.hidden_paths) {
    const Place place = Find(path, processes, system);
    if (place.directory < 0) return FailWith(failure, Step::kHide, EINVAL, path);
    if (!Hide(path, place, devices, &empty, failure)) return false;
  }
  return true;
}

}  // namespace reeve::lxc

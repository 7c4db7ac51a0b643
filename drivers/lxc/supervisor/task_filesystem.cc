// File systems that a guest gets, or loses, while it runs: by a helper, for a file system may hang.
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "drivers/lxc/supervisor/mounts.h"
#include "drivers/lxc/supervisor/prepare.h"
#include "drivers/lxc/supervisor/stage.h"
#include "drivers/lxc/supervisor/task_child.h"

namespace reeve::lxc {
namespace {

// The mount as the guest is to get it: a copy made in its user namespace, which locks the flags (mount_namespaces(7)).
util::UniqueFd CopyFromStage(int* namespaces, Failure* failure) {
  util::UniqueFd mount;
  if ((*namespaces & CLONE_NEWUSER) != 0) {
    if (setns(kTaskGuest, CLONE_NEWUSER) < 0 || unshare(CLONE_NEWNS) < 0) {
      Fail(failure, Step::kCopyStage);
      return mount;
    }
    *namespaces &= ~CLONE_NEWUSER;
  }
  mount = CloneTree(AT_FDCWD, "/sources/0", true);
  if (!mount) Fail(failure, Step::kCopyStage);
  return mount;
}

// Of what the guest has: a second view.
util::UniqueFd CopyFromGuest(const FilesystemPlan& filesystem, int root, Failure* failure) {
  util::UniqueFd mount;
  const util::UniqueFd inside = OpenInRoot(root, filesystem.source, O_PATH | O_CLOEXEC);
  if (inside) mount = CloneTree(inside.get(), "", true);
  if (mount && filesystem.read_only && !SetAttributes(mount.get(), MOUNT_ATTR_RDONLY, true)) mount.Reset();
  if (!mount) Fail(failure, Step::kOpenSource, filesystem.source + " in the guest");
  return mount;
}

bool Attach(const TaskContext& context, const FilesystemPlan& filesystem, int namespaces, Failure* failure) {
  const LaunchPlan& plan = *context.plan;
  const bool bind = filesystem.kind == FilesystemKind::kBind;
  util::UniqueFd mount;
  Stage stage;
  if (!bind) {
    Source source;
    if (!OpenFilesystem(plan, filesystem, &source, failure) || !stage.Enter(failure)) return false;
    stage.Forget();
    if (!stage.MapSource(source, filesystem, context.guest, failure) ||
        !stage.PlaceSource(source, filesystem, 0, failure)) {
      return false;
    }
    mount = CopyFromStage(&namespaces, failure);
    if (!mount) return false;
  }
  if (!EnterGuest(plan, namespaces)) return false;
  const util::UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (bind) mount = CopyFromGuest(filesystem, root.get(), failure);
  struct stat status = {};
  if (!mount) return false;
  if (fstat(mount.get(), &status) < 0) return Fail(failure, Step::kMountFilesystem, filesystem.target);
  const util::UniqueFd target = MountTarget(root.get(), filesystem.target, S_ISDIR(status.st_mode));
  if (!target || !lxc::Attach(mount, target)) return Fail(failure, Step::kMountFilesystem, filesystem.target);
  return true;
}

bool IsMountPoint(int parent, const std::string& name) {
  struct statx status = {};
  if (statx(parent, name.c_str(), AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT, STATX_TYPE, &status) < 0) return false;
  return (status.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

bool Detach(const TaskContext& context, const FilesystemPlan& filesystem, int namespaces, Failure* failure) {
  if (!EnterGuest(*context.plan, namespaces)) return false;
  const util::UniqueFd root(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
  const size_t slash = filesystem.target.rfind('/');
  const std::string last = filesystem.target.substr(slash + 1);
  const util::UniqueFd parent =
      OpenInRoot(root.get(), filesystem.target.substr(0, slash + 1), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (!parent || fchdir(parent.get()) < 0) return Fail(failure, Step::kUnmount, filesystem.target);
  if (!IsMountPoint(parent.get(), last)) return true;  // the guest has unmounted it
  return umount2(last.c_str(), UMOUNT_NOFOLLOW) == 0 || Fail(failure, Step::kUnmount, filesystem.target);
}

}  // namespace

bool ChangeFilesystem(const TaskContext& context) {
  DevicePlan devices;
  Failure failure;
  if (!DecodeDevices(context.request->devices, &devices) || devices.filesystems.size() != 1) {
    return FailTask("read the request", EBADMSG);
  }
  const FilesystemPlan& filesystem = devices.filesystems[0];
  failure.step = Step::kSetUp;
  const bool attach = context.request->kind == TaskKind::kAttachFilesystem;
  int namespaces = 0;
  if (!FindNamespaces(context.guest, &namespaces)) return false;
  const bool done =
      attach ? Attach(context, filesystem, namespaces, &failure) : Detach(context, filesystem, namespaces, &failure);
  if (!done) {
    // A failure to enter has been reported already.
    if (failure.step != Step::kSetUp) FailTask(failure);
    return false;
  }
  TaskReport report;
  report.kind = TaskReportKind::kEnded;
  ReportTask(std::move(report));
  return true;
}

}  // namespace reeve::lxc

#include "drivers/lxc/supervisor/mounts.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

namespace reeve::lxc {
namespace {

util::UniqueFd OpenAt2(int directory, const char* path, int flags, uint64_t resolve) {
  open_how how = {};
  how.flags = static_cast<uint64_t>(flags | O_CLOEXEC);
  how.resolve = resolve;
  // The kernel gives up on a path with ".." when anything on the host is renamed or mounted meanwhile, such as the root
  // of another guest that starts (openat2(2), EAGAIN). Not for ever: a guest could rename as fast as we look.
  constexpr int kAttempts = 1000;
  int fd = -1;
  for (int i = 0; i < kAttempts; ++i) {
    fd = static_cast<int>(syscall(SYS_openat2, directory, path, &how, sizeof how));
    if (fd >= 0 || errno != EAGAIN) break;
  }
  return util::UniqueFd(fd);
}

bool IsDirectory(int fd) {
  struct stat status = {};
  return fstat(fd, &status) == 0 && S_ISDIR(status.st_mode);
}

util::UniqueFd NewFilesystem(const char* type, const char* source, std::initializer_list<MountOption> options,
                             uint64_t attributes) {
  util::UniqueFd context(fsopen(type, FSOPEN_CLOEXEC));
  if (!context) return context;
  if (fsconfig(context.get(), FSCONFIG_SET_STRING, "source", source, 0) < 0) return {};
  for (const auto& [key, value] : options) {
    const auto command = value == nullptr ? FSCONFIG_SET_FLAG : FSCONFIG_SET_STRING;
    if (fsconfig(context.get(), command, key, value, 0) < 0) return {};
  }
  if (fsconfig(context.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) < 0) return {};
  return util::UniqueFd(fsmount(context.get(), FSMOUNT_CLOEXEC, static_cast<unsigned>(attributes)));
}

util::UniqueFd OpenTree(int directory, const char* path, unsigned flags) {
  const unsigned empty = *path == '\0' ? AT_EMPTY_PATH : 0u;
  return util::UniqueFd(open_tree(directory, path, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | flags | empty));
}

}  // namespace

util::UniqueFd CloneTree(int directory, const char* path, bool recursive) {
  util::UniqueFd tree = OpenTree(directory, path, recursive ? AT_RECURSIVE : 0u);
  if (!tree) return tree;
  mount_attr attributes = {};
  attributes.propagation = MS_PRIVATE;
  if (mount_setattr(tree.get(), "", AT_EMPTY_PATH | AT_RECURSIVE, &attributes, sizeof attributes) < 0) tree.Reset();
  return tree;
}

util::UniqueFd CopyMount(int directory, const char* path) {
  return OpenTree(directory, path, 0);
}

util::UniqueFd MakeFilesystem(const char* type, std::initializer_list<MountOption> options, uint64_t attributes) {
  // What the guest sees as the device in /proc/mounts.
  return NewFilesystem(type, type, options, attributes);
}

util::UniqueFd MountDevice(const char* type, const char* device, bool read_only, uint64_t attributes) {
  if (read_only) return NewFilesystem(type, device, {{"ro", nullptr}}, attributes);
  return NewFilesystem(type, device, {}, attributes);
}

bool Attach(const util::UniqueFd& mount, const util::UniqueFd& target) {
  return move_mount(mount.get(), "", target.get(), "", MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) == 0;
}

bool SetAttributes(int mount, uint64_t attributes, bool recursive) {
  mount_attr change = {};
  change.attr_set = attributes;
  return mount_setattr(mount, "", AT_EMPTY_PATH | (recursive ? AT_RECURSIVE : 0), &change, sizeof change) == 0;
}

bool MapOwners(int mount, int user_namespace) {
  mount_attr change = {};
  change.attr_set = MOUNT_ATTR_IDMAP;
  change.userns_fd = static_cast<uint64_t>(user_namespace);
  if (mount_setattr(mount, "", AT_EMPTY_PATH | AT_RECURSIVE, &change, sizeof change) == 0) return true;
  // A file system below the root that cannot be mapped (mount_setattr(2), EINVAL) is no reason to leave the root
  // unmapped.
  return errno == EINVAL && mount_setattr(mount, "", AT_EMPTY_PATH, &change, sizeof change) == 0;
}

bool ChangeRoot(int root) {
  // With both arguments alike the old root lies on the new one and is unmounted from there (pivot_root(2), NOTES).
  return fchdir(root) == 0 && syscall(SYS_pivot_root, ".", ".") == 0 && umount2(".", MNT_DETACH) == 0 &&
         chdir("/") == 0;
}

util::UniqueFd OpenInRoot(int root, const std::string& path, int flags) {
  return OpenAt2(root, path.c_str(), flags, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

util::UniqueFd MountTarget(int root, const std::string& path, bool directory) {
  util::UniqueFd target = OpenInRoot(root, path, O_PATH);
  if (!target && errno == ENOENT) {
    const size_t end = path.find_last_not_of('/');
    if (end == std::string::npos) return {};
    const size_t slash = path.rfind('/', end);
    const size_t begin = slash == std::string::npos ? 0 : slash + 1;
    const std::string last = path.substr(begin, end + 1 - begin);
    util::UniqueFd parent = begin <= 1 ? OpenInRoot(root, "/", O_PATH) : MountTarget(root, path.substr(0, slash), true);
    if (!parent) return {};
    if (directory) {
      if (mkdirat(parent.get(), last.c_str(), 0755) < 0 && errno != EEXIST) return {};
    } else {
      util::UniqueFd file(
          openat(parent.get(), last.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
      if (!file && errno != EEXIST) return {};
    }
    // What was there after all (a dangling link, say) must not be followed.
    target = OpenAt2(parent.get(), last.c_str(), O_PATH, RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
  }
  if (target && IsDirectory(target.get()) != directory) {
    target.Reset();
    errno = directory ? ENOTDIR : EISDIR;
  }
  return target;
}

}  // namespace reeve::lxc

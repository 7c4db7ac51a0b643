#include "drivers/lxc/supervisor/nodes.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "drivers/lxc/supervisor/mounts.h"

namespace reeve::lxc {
namespace {

std::string LastPart(const std::string& name) {
  return name.substr(name.rfind('/') + 1);
}

// The directory that the node is in.
util::UniqueFd OpenParent(int devices, const std::string& name) {
  const size_t slash = name.rfind('/');
  return OpenInRoot(devices, slash == std::string::npos ? "/" : name.substr(0, slash), O_PATH | O_DIRECTORY | O_CLOEXEC);
}

// Makes the directories on the way, each inside the one before.
bool MakeParents(int devices, const std::string& name, uint32_t user, uint32_t group) {
  for (size_t slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1)) {
    const std::string path = name.substr(0, slash);
    const util::UniqueFd parent = OpenParent(devices, path);
    if (!parent) return false;
    const std::string last = LastPart(path);
    if (mkdirat(parent.get(), last.c_str(), 0755) == 0) {
      if (fchownat(parent.get(), last.c_str(), user, group, AT_SYMLINK_NOFOLLOW) < 0) return false;
    } else if (errno != EEXIST) {
      return false;
    }
  }
  return true;
}

}  // namespace

bool MakeNode(int devices, const NodePlan& node, uint32_t user, uint32_t group) {
  if (!MakeParents(devices, node.name, user, group)) return false;
  const util::UniqueFd parent = OpenParent(devices, node.name);
  if (!parent) return false;
  const std::string last = LastPart(node.name);
  const mode_t mode = (node.block ? S_IFBLK : S_IFCHR) | (node.read_only ? 0440u : 0660u);
  if (mknodat(parent.get(), last.c_str(), mode, makedev(node.major, node.minor)) < 0) return false;
  return fchownat(parent.get(), last.c_str(), user, group, AT_SYMLINK_NOFOLLOW) == 0;
}

bool RemoveNode(int devices, const NodePlan& node) {
  const util::UniqueFd parent = OpenParent(devices, node.name);
  const std::string last = LastPart(node.name);
  struct stat status = {};
  if (!parent || fstatat(parent.get(), last.c_str(), &status, AT_SYMLINK_NOFOLLOW) < 0) return true;
  const mode_t type = node.block ? S_IFBLK : S_IFCHR;
  if ((status.st_mode & S_IFMT) != type || status.st_rdev != makedev(node.major, node.minor)) return true;
  return unlinkat(parent.get(), last.c_str(), 0) == 0 || errno == ENOENT;
}

}  // namespace reeve::lxc

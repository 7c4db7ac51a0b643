#include "drivers/lxc/host_requirements.h"

#include <sys/utsname.h>
#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_cat.h"
#include "util/errno.h"

namespace reeve::lxc {
namespace {

// mount_setattr(2) with id maps is 5.12, what it needs of ext4 and others 5.14.
constexpr int kOldestMajor = 5;
constexpr int kOldestMinor = 14;

bool KernelIsNewEnough(const std::string& release) {
  int major = 0;
  int minor = 0;
  if (std::sscanf(release.c_str(), "%d.%d", &major, &minor) != 2) return false;
  return major > kOldestMajor || (major == kOldestMajor && minor >= kOldestMinor);
}

}  // namespace

std::string KernelRelease() {
  utsname names = {};
  return uname(&names) < 0 ? std::string() : std::string(names.release);
}

std::string Machine() {
  utsname names = {};
  return uname(&names) < 0 ? std::string() : std::string(names.machine);
}

absl::Status FindObstacle(const cgroups::Hierarchies* hierarchies, const absl::Status& unavailable,
                          const std::string& supervisor_path) {
  if (hierarchies == nullptr) {
    return unavailable.ok() ? absl::FailedPreconditionError("no control groups were found") : unavailable;
  }
  if (hierarchies->tree() == nullptr) return absl::FailedPreconditionError("the control groups cannot be written");
  if (geteuid() != 0) return absl::FailedPreconditionError("the daemon does not run as root");
  if (const std::string release = KernelRelease(); !KernelIsNewEnough(release)) {
    return absl::FailedPreconditionError(
        absl::StrCat("kernel ", release, " is older than ", kOldestMajor, ".", kOldestMinor));
  }
  if (access(supervisor_path.c_str(), X_OK) < 0) {
    return util::ErrnoStatus(absl::StrCat("the supervisor ", supervisor_path));
  }
  return absl::OkStatus();
}

}  // namespace reeve::lxc

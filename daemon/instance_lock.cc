#include "daemon/instance_lock.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "util/errno.h"

namespace reeve {
namespace {

// What the holder wrote; it may be about to.
std::string HolderPid(int fd) {
  char text[32];
  const ssize_t bytes = pread(fd, text, sizeof text, 0);
  const absl::string_view pid = absl::StripAsciiWhitespace({text, bytes > 0 ? static_cast<size_t>(bytes) : 0});
  for (const char c : pid) {
    if (!absl::ascii_isdigit(c)) return "unknown";
  }
  return pid.empty() ? "unknown" : std::string(pid);
}

}  // namespace

absl::StatusOr<InstanceLock> InstanceLock::Acquire(const std::string& path) {
  util::UniqueFd fd(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644));
  if (!fd) return util::ErrnoStatus(absl::StrCat("open lock file ", path));
  if (flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return absl::AlreadyExistsError(
          absl::StrCat("another reeved runs already, with pid ", HolderPid(fd.get()), " (", path, " is locked)"));
    }
    return util::ErrnoStatus(absl::StrCat("lock ", path));
  }
  const std::string pid = absl::StrCat(getpid(), "\n");
  if (ftruncate(fd.get(), 0) != 0 || pwrite(fd.get(), pid.data(), pid.size(), 0) != static_cast<ssize_t>(pid.size())) {
    return util::ErrnoStatus(absl::StrCat("write lock file ", path));
  }
  return InstanceLock(std::move(fd));
}

}  // namespace reeve

#include "util/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "absl/strings/str_cat.h"
#include "util/errno.h"
#include "util/fd.h"
#include "util/full_io.h"

namespace reeve::util {
namespace {

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit) {
  UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return ErrnoStatus(absl::StrCat("open ", path));
  std::string content;
  char buffer[4096];
  for (;;) {
    const ssize_t got = ::read(fd.get(), buffer, sizeof buffer);
    if (got < 0) {
      if (errno == EINTR) continue;
      return ErrnoStatus(absl::StrCat("read ", path));
    }
    if (got == 0) return content;
    if (content.size() + static_cast<size_t>(got) > limit) {
      return absl::OutOfRangeError(absl::StrCat("read ", path, ": larger than ", limit, " bytes"));
    }
    content.append(buffer, static_cast<size_t>(got));
  }
}

absl::Status WriteExisting(const std::string& path, absl::string_view content) {
  UniqueFd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) return ErrnoStatus(absl::StrCat("open ", path));
  const ssize_t written = ::write(fd.get(), content.data(), content.size());
  if (written < 0) return ErrnoStatus(absl::StrCat("write ", path));
  if (static_cast<size_t>(written) != content.size()) {
    return absl::DataLossError(absl::StrCat("write ", path, ": only ", written, " bytes taken"));
  }
  return absl::OkStatus();
}

absl::Status ReplaceFile(const std::string& path, absl::string_view content, mode_t mode) {
  const std::string temporary = absl::StrCat(path, ".new");
  UniqueFd fd(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, mode));
  if (!fd) return ErrnoStatus(absl::StrCat("create ", temporary));
  absl::Status status = WriteFully(fd.get(), content, absl::StrCat("write ", temporary));
  if (status.ok() && ::fsync(fd.get()) < 0) status = ErrnoStatus(absl::StrCat("fsync ", temporary));
  if (status.ok() && ::rename(temporary.c_str(), path.c_str()) < 0) {
    status = ErrnoStatus(absl::StrCat("rename ", temporary, " to ", path));
  }
  if (!status.ok()) {
    (void)::unlink(temporary.c_str());  // best effort: the first error is the one to report
    return status;
  }
  return SyncDirectory(DirectoryOf(path));
}

absl::Status SyncDirectory(const std::string& path) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory || ::fsync(directory.get()) < 0) return ErrnoStatus(absl::StrCat("fsync ", path));
  return absl::OkStatus();
}

absl::Status MakeDirectories(const std::string& path, mode_t mode) {
  for (size_t end = path.find('/', 1);; end = path.find('/', end + 1)) {
    const std::string part = path.substr(0, end);
    if (::mkdir(part.c_str(), mode) < 0 && errno != EEXIST) return ErrnoStatus(absl::StrCat("mkdir ", part));
    if (end == std::string::npos) return absl::OkStatus();
  }
}

}  // namespace reeve::util

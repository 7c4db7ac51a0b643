#include "util/new_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstdint>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "util/errno.h"

namespace reeve::util {
namespace {

constexpr size_t kLongestPath = 4095;

absl::Status CheckPath(absl::string_view path) {
  if (path.empty() || path[0] != '/') return absl::InvalidArgumentError("the path must be absolute");
  if (path.size() > kLongestPath || path.find('\0') != absl::string_view::npos) {
    return absl::InvalidArgumentError("the path is too long or has a zero byte");
  }
  if (absl::EndsWith(path, "/") || absl::EndsWith(path, "/.")) {
    return absl::InvalidArgumentError("the path must end in the name of a file");
  }
  for (const absl::string_view part : absl::StrSplit(path, '/')) {
    if (part == "..") return absl::InvalidArgumentError("the path must not have a part \"..\"");
  }
  return absl::OkStatus();
}

absl::Status CheckPlace(int directory, const std::string& name, const std::string& path) {
  struct stat there {};
  if (fstatat(directory, name.c_str(), &there, AT_SYMLINK_NOFOLLOW) < 0) {
    return errno == ENOENT ? absl::OkStatus() : ErrnoStatus(absl::StrCat("look at ", path));
  }
  if (S_ISREG(there.st_mode)) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat(path, " is there and is no regular file: it is left alone"));
}

}  // namespace

absl::StatusOr<NewFile> NewFile::Create(const std::string& path, mode_t mode) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  const size_t slash = path.rfind('/');
  const std::string parent = slash == 0 ? "/" : path.substr(0, slash);
  const std::string name = path.substr(slash + 1);
  UniqueFd directory(open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory) return ErrnoStatus(absl::StrCat("open ", parent));
  if (absl::Status status = CheckPlace(directory.get(), name, path); !status.ok()) return status;
  uint64_t number = 0;
  if (getrandom(&number, sizeof(number), 0) != sizeof(number)) return ErrnoStatus("getrandom");
  // A name as long as a name may be has no room for more.
  std::string unfinished = absl::StrCat(".", name.substr(0, 200), ".", absl::Hex(number, absl::kZeroPad16), ".unfinished");
  UniqueFd file(
      openat(directory.get(), unfinished.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode));
  if (!file) return ErrnoStatus(absl::StrCat("make ", path));
  return NewFile(std::move(directory), std::move(file), path, std::move(unfinished));
}

NewFile::NewFile(NewFile&& other) noexcept
    : directory_(std::move(other.directory_)),
      file_(std::move(other.file_)),
      path_(std::move(other.path_)),
      unfinished_(std::exchange(other.unfinished_, "")) {}

NewFile::~NewFile() {
  if (!unfinished_.empty()) (void)unlinkat(directory_.get(), unfinished_.c_str(), 0);
}

absl::Status NewFile::Finish() {
  if (fsync(file_.get()) < 0) return ErrnoStatus(absl::StrCat("fsync ", path_));
  // It may have come meanwhile; rename itself replaces a symbolic link, and refuses a directory.
  if (absl::Status status = CheckPlace(directory_.get(), name(), path_); !status.ok()) return status;
  if (renameat(directory_.get(), unfinished_.c_str(), directory_.get(), name().c_str()) < 0) {
    return ErrnoStatus(absl::StrCat("name ", path_));
  }
  unfinished_.clear();
  if (fsync(directory_.get()) == 0) return absl::OkStatus();
  absl::Status status = ErrnoStatus(absl::StrCat("fsync the directory of ", path_));
  (void)unlinkat(directory_.get(), name().c_str(), 0);
  return status;
}

absl::StatusOr<UniqueFd> OpenRegularFile(const std::string& path) {
  if (absl::Status status = CheckPath(path); !status.ok()) return status;
  UniqueFd file(open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
  if (!file) return ErrnoStatus(absl::StrCat("open ", path));
  struct stat facts {};
  if (fstat(file.get(), &facts) < 0) return ErrnoStatus(absl::StrCat("look at ", path));
  if (!S_ISREG(facts.st_mode)) return absl::FailedPreconditionError(absl::StrCat(path, " is no regular file"));
  return file;
}

}  // namespace reeve::util

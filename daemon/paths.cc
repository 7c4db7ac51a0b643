#include "daemon/paths.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "util/errno.h"

namespace reeve {
namespace {

constexpr mode_t kParentMode = 0755;

// mkdir(2) takes the umask into account, chmod(2) does not. Only what is made here is changed.
absl::Status MakeOne(const std::string& path, mode_t mode) {
  if (mkdir(path.c_str(), mode) != 0) {
    if (errno == EEXIST) return absl::OkStatus();
    return util::ErrnoStatus(absl::StrCat("make directory ", path));
  }
  if (chmod(path.c_str(), mode) != 0) return util::ErrnoStatus(absl::StrCat("set the mode of ", path));
  return absl::OkStatus();
}

absl::Status MakeWithParents(const std::string& path, mode_t mode) {
  for (size_t slash = path.find('/', 1); slash != std::string::npos; slash = path.find('/', slash + 1)) {
    if (absl::Status status = MakeOne(path.substr(0, slash), kParentMode); !status.ok()) return status;
  }
  return MakeOne(path, mode);
}

// Whoever can write to the directory could put files of his own in the daemon's way.
absl::Status CheckOwn(const std::string& path) {
  struct stat info {};
  if (stat(path.c_str(), &info) != 0) return util::ErrnoStatus(absl::StrCat("look at ", path));
  if (!S_ISDIR(info.st_mode)) return absl::FailedPreconditionError(absl::StrCat(path, " is not a directory"));
  if (info.st_uid != geteuid()) {
    return absl::FailedPreconditionError(
        absl::StrCat(path, " belongs to user ", info.st_uid, ", not to user ", geteuid(), " of the daemon"));
  }
  if ((info.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(path, " can be written by others than its owner"));
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<Paths> Paths::Create(const std::string& root) {
  if (root.empty()) return absl::InvalidArgumentError("the root directory is empty");
  std::error_code error;
  std::string absolute = std::filesystem::absolute(root, error).lexically_normal().string();
  if (error) return absl::InvalidArgumentError(absl::StrCat("root directory ", root, ": ", error.message()));
  while (!absolute.empty() && absolute.back() == '/') absolute.pop_back();
  return Paths(std::move(absolute));
}

absl::Status Paths::MakeDirectories() const {
  if (absl::Status status = MakeWithParents(Below("/etc/reeve"), 0755); !status.ok()) return status;
  const std::pair<std::string, mode_t> directories[] = {
      {run_directory(), 0755}, {state_directory(), 0700}, {log_directory(), 0750}};
  for (const auto& [path, mode] : directories) {
    if (absl::Status status = MakeWithParents(path, mode); !status.ok()) return status;
    if (absl::Status status = CheckOwn(path); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace reeve

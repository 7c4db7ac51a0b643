#include "drivers/lxc/run_directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "util/errno.h"

namespace reeve::lxc {
namespace {

constexpr const char* kFiles[] = {"control", "exit", "exit.new", "plan", "plan.new"};

absl::StatusOr<std::string> ReadAt(int directory, const char* name, size_t limit, const std::string& path) {
  util::UniqueFd file(openat(directory, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW));
  if (!file) return util::ErrnoStatus(absl::StrCat("open ", path, "/", name));
  std::string content;
  char buffer[8192];
  for (;;) {
    const ssize_t got = read(file.get(), buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return util::ErrnoStatus(absl::StrCat("read ", path, "/", name));
    if (got == 0) return content;
    content.append(buffer, static_cast<size_t>(got));
    if (content.size() > limit) return absl::DataLossError(absl::StrCat(path, "/", name, " is too large"));
  }
}

// Complete or not at all, after a crash of the daemon. Not synced: neither guest nor directory outlives the host.
absl::Status WriteAt(int directory, const char* name, const std::string& content, const std::string& path) {
  const std::string temporary = absl::StrCat(name, ".new");
  util::UniqueFd file(
      openat(directory, temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!file) return util::ErrnoStatus(absl::StrCat("create ", path, "/", temporary));
  for (size_t done = 0; done < content.size();) {
    const ssize_t written = write(file.get(), content.data() + done, content.size() - done);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return util::ErrnoStatus(absl::StrCat("write ", path, "/", temporary));
    done += static_cast<size_t>(written);
  }
  if (renameat(directory, temporary.c_str(), directory, name) < 0) {
    return util::ErrnoStatus(absl::StrCat("rename ", path, "/", temporary));
  }
  return absl::OkStatus();
}

}  // namespace

bool IsSafeName(absl::string_view uid) {
  if (uid.empty() || uid.size() > 128 || uid == "." || uid == "..") return false;
  return std::all_of(uid.begin(), uid.end(),
                     [](unsigned char c) { return absl::ascii_isalnum(c) || c == '.' || c == '_' || c == '-'; });
}

absl::StatusOr<RunDirectory> RunDirectory::Create(const std::string& parent, const std::string& uid,
                                                  const LaunchPlan& plan) {
  const std::string path = absl::StrCat(parent, "/", uid);
  if (mkdir(path.c_str(), 0700) < 0) {
    if (errno != EEXIST) return util::ErrnoStatus(absl::StrCat("make ", path));
    absl::StatusOr<RunDirectory> stale = Open(parent, uid);
    if (!stale.ok()) return stale.status();
    if (absl::Status status = stale->Remove(); !status.ok()) return status;
    if (mkdir(path.c_str(), 0700) < 0) return util::ErrnoStatus(absl::StrCat("make ", path));
  }
  absl::StatusOr<RunDirectory> directory = Open(parent, uid);
  if (!directory.ok()) return directory;
  if (absl::Status status = WriteAt(directory->fd(), "plan", EncodePlan(plan), path); !status.ok()) {
    (void)directory->Remove();  // the first error is the one to report
    return status;
  }
  return directory;
}

absl::StatusOr<RunDirectory> RunDirectory::Open(const std::string& parent, const std::string& uid) {
  std::string path = absl::StrCat(parent, "/", uid);
  util::UniqueFd fd(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW));
  if (!fd) return util::ErrnoStatus(absl::StrCat("open ", path));
  return RunDirectory(std::move(path), std::move(fd));
}

absl::StatusOr<std::vector<std::string>> RunDirectory::List(const std::string& parent) {
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(opendir(parent.c_str()), &closedir);
  if (stream == nullptr) return util::ErrnoStatus(absl::StrCat("open ", parent));
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(stream.get())) {
    if (IsSafeName(entry->d_name) && (entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN)) {
      names.emplace_back(entry->d_name);
    }
  }
  if (errno != 0) return util::ErrnoStatus(absl::StrCat("read ", parent));
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<LaunchPlan> RunDirectory::ReadPlan() const {
  absl::StatusOr<std::string> bytes = ReadAt(fd_.get(), "plan", kMaximumPlan, path_);
  if (!bytes.ok()) return bytes.status();
  LaunchPlan plan;
  if (!DecodePlan(bytes->data(), bytes->size(), &plan))
    return absl::DataLossError(absl::StrCat(path_, "/plan is malformed"));
  return plan;
}

absl::Status RunDirectory::WritePlan(const LaunchPlan& plan) const {
  return WriteAt(fd_.get(), "plan", EncodePlan(plan), path_);
}

absl::StatusOr<ExitRecord> RunDirectory::ReadExit() const {
  absl::StatusOr<std::string> bytes = ReadAt(fd_.get(), "exit", kMaximumMessage, path_);
  if (!bytes.ok()) return bytes.status();
  ExitRecord record;
  if (!DecodeExit(bytes->data(), bytes->size(), &record))
    return absl::DataLossError(absl::StrCat(path_, "/exit is malformed"));
  return record;
}

absl::StatusOr<util::UniqueFd> RunDirectory::Connect() const {
  util::UniqueFd connection(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
  if (!connection) return util::ErrnoStatus("make a socket");
  // By way of the descriptor, for a socket's path may have only 107 bytes (unix(7)).
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  const std::string path = absl::StrCat("/proc/self/fd/", fd_.get(), "/control");
  memcpy(address.sun_path, path.c_str(), path.size() + 1);
  if (connect(connection.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) < 0) {
    return absl::UnavailableError(util::ErrnoStatus(absl::StrCat("connect to ", path_, "/control")).message());
  }
  return connection;
}

absl::Status RunDirectory::Remove() {
  for (const char* name : kFiles) {
    if (unlinkat(fd_.get(), name, 0) < 0 && errno != ENOENT)
      return util::ErrnoStatus(absl::StrCat("remove ", path_, "/", name));
  }
  if (rmdir(path_.c_str()) < 0 && errno != ENOENT) return util::ErrnoStatus(absl::StrCat("remove ", path_));
  return absl::OkStatus();
}

}  // namespace reeve::lxc

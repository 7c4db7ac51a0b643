#include "cgroups/kernel_tree.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cgroups/device_program.h"
#include "util/errno.h"

namespace reeve::cgroups {
namespace {

constexpr size_t kReadLimit = 4 << 20;

int ReadAll(int fd, std::string* content) {
  content->clear();
  char buffer[4096];
  off_t offset = 0;
  while (true) {
    const ssize_t count = ::pread(fd, buffer, sizeof buffer, offset);
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    if (count == 0) return 0;
    content->append(buffer, static_cast<size_t>(count));
    offset += count;
    if (content->size() > kReadLimit) return EFBIG;
  }
}

// 50 us, doubled up to 3.2 ms.
absl::Duration StepOf(int attempt) {
  return absl::Microseconds(50 << std::min(attempt, 6));
}

class KernelTree final : public Tree {
 public:
  explicit KernelTree(std::vector<util::UniqueFd> roots) : roots_(std::move(roots)) {}

  int MakeDirectory(int hierarchy, const std::string& path) override {
    return ::mkdirat(roots_[hierarchy].get(), path.c_str(), 0755) == 0 ? 0 : errno;
  }

  int RemoveDirectory(int hierarchy, const std::string& path) override {
    return ::unlinkat(roots_[hierarchy].get(), path.c_str(), AT_REMOVEDIR) == 0 ? 0 : errno;
  }

  int ListDirectories(int hierarchy, const std::string& path, std::vector<std::string>* names) override {
    return List(hierarchy, path, DT_DIR, names);
  }

  int ListFiles(int hierarchy, const std::string& path, std::vector<std::string>* names) override {
    return List(hierarchy, path, DT_REG, names);
  }

  int OpenDirectory(int hierarchy, const std::string& path, util::UniqueFd* directory) override {
    return Open(hierarchy, path.empty() ? "." : path, O_RDONLY | O_DIRECTORY, directory);
  }

  int OpenFile(int hierarchy, const std::string& path, util::UniqueFd* file) override {
    return Open(hierarchy, path, O_RDONLY, file);
  }

  bool Exists(int hierarchy, const std::string& path) override {
    return ::faccessat(roots_[hierarchy].get(), path.c_str(), F_OK, AT_SYMLINK_NOFOLLOW) == 0;
  }

  int ChangeOwner(int hierarchy, const std::string& path, uid_t user, gid_t group) override {
    return ::fchownat(roots_[hierarchy].get(), path.c_str(), user, group, AT_SYMLINK_NOFOLLOW) == 0 ? 0 : errno;
  }

  int ReplaceDeviceProgram(int hierarchy, const std::string& path, const std::vector<bpf_insn>& program,
                           std::string* log) override {
    util::UniqueFd directory;
    if (int error = OpenDirectory(hierarchy, path, &directory); error != 0) return error;
    return AttachDeviceProgram(directory.get(), program, log);
  }

  int Read(int hierarchy, const std::string& path, std::string* content) override {
    util::UniqueFd file;
    if (int error = Open(hierarchy, path, O_RDONLY, &file); error != 0) return error;
    return ReadAll(file.get(), content);
  }

  int Write(int hierarchy, const std::string& path, absl::string_view value) override {
    util::UniqueFd file;
    if (int error = Open(hierarchy, path, O_WRONLY, &file); error != 0) return error;
    ssize_t count;
    do {
      count = ::write(file.get(), value.data(), value.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) return errno;
    return static_cast<size_t>(count) == value.size() ? 0 : EIO;
  }

  int Await(int hierarchy, const std::string& path, bool notifies, absl::Duration timeout,
            const std::function<bool(absl::string_view)>& done) override {
    util::UniqueFd file;
    if (int error = Open(hierarchy, path, O_RDONLY, &file); error != 0) return error;
    const absl::Time deadline = absl::Now() + timeout;
    std::string content;
    for (int attempt = 0;; ++attempt) {
      // Reading arms the next notification, so nothing between the read and the poll is missed (kernfs).
      if (int error = ReadAll(file.get(), &content); error != 0) return error;
      if (done(content)) return 0;
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) return ETIMEDOUT;
      if (notifies) {
        pollfd poll_fd{file.get(), POLLPRI, 0};
        const timespec wait = absl::ToTimespec(left);
        if (::ppoll(&poll_fd, 1, &wait, nullptr) < 0 && errno != EINTR) return errno;
      } else {
        const timespec wait = absl::ToTimespec(std::min(left, StepOf(attempt)));
        ::nanosleep(&wait, nullptr);
      }
    }
  }

  int Signal(pid_t process, int signal) override { return ::kill(process, signal) == 0 ? 0 : errno; }

  absl::Duration Pause(int attempt) override {
    const timespec wait = absl::ToTimespec(StepOf(attempt));
    ::nanosleep(&wait, nullptr);
    return StepOf(attempt);
  }

 private:
  int List(int hierarchy, const std::string& path, unsigned char type, std::vector<std::string>* names) {
    names->clear();
    util::UniqueFd directory;
    if (int error = OpenDirectory(hierarchy, path, &directory); error != 0) return error;
    DIR* stream = ::fdopendir(directory.get());
    if (stream == nullptr) return errno;
    (void)directory.Release();  // the stream owns it now
    errno = 0;
    while (const dirent* entry = ::readdir(stream)) {
      if (entry->d_type == type && entry->d_name[0] != '.') names->emplace_back(entry->d_name);
      errno = 0;
    }
    const int error = errno;
    ::closedir(stream);
    return error;
  }

  int Open(int hierarchy, const std::string& path, int flags, util::UniqueFd* file) const {
    file->Reset(::openat(roots_[hierarchy].get(), path.c_str(), flags | O_CLOEXEC | O_NOFOLLOW));
    return *file ? 0 : errno;
  }

  std::vector<util::UniqueFd> roots_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<Tree>> OpenKernelTree(const std::vector<Hierarchy>& hierarchies) {
  std::vector<util::UniqueFd> roots;
  for (const Hierarchy& hierarchy : hierarchies) {
    roots.emplace_back(::open(hierarchy.mount_point.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!roots.back()) return util::ErrnoStatus(absl::StrCat("open the hierarchy at ", hierarchy.mount_point));
  }
  return std::make_shared<KernelTree>(std::move(roots));
}

}  // namespace reeve::cgroups

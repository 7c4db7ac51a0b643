// Files of a guest, read and written by a process inside of it.
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "drivers/lxc/supervisor/mounts.h"
#include "drivers/lxc/supervisor/task_child.h"

namespace reeve::lxc {
namespace {

constexpr size_t kBuffer = 64 * 1024;
constexpr int kNameAttempts = 16;

util::UniqueFd Root() {
  return util::UniqueFd(open("/", O_PATH | O_DIRECTORY | O_CLOEXEC));
}

// Copies up to the end of `from`. 0, or an errno value.
int Copy(int from, int to) {
  static char buffer[kBuffer];
  for (;;) {
    const ssize_t got = read(from, buffer, sizeof buffer);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return errno;
    if (got == 0) return 0;
    for (ssize_t done = 0; done < got;) {
      const ssize_t written = write(to, buffer + done, static_cast<size_t>(got - done));
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) return errno;
      done += written;
    }
  }
}

// "/a/b" is "b" in "/a". False for a path without a last part.
bool Split(const std::string& path, std::string* directory, std::string* name) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return false;
  *directory = path.substr(0, slash + 1);
  *name = path.substr(slash + 1);
  return !name->empty() && *name != "." && *name != "..";
}

// A new file beside the one that it will become.
util::UniqueFd Create(int directory, std::string* name) {
  for (int attempt = 0; attempt < kNameAttempts; ++attempt) {
    uint64_t number = 0;
    if (syscall(SYS_getrandom, &number, sizeof number, 0) != sizeof number) return {};
    *name = ".reeve-" + std::to_string(number);
    util::UniqueFd file(openat(directory, name->c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file || errno != EEXIST) return file;
  }
  return {};
}

// Whether the client has said that the file is whole: the end of its bytes alone may be the end of the client.
bool Committed() {
  char word = 0;
  ssize_t got;
  do {
    got = recv(kTaskStatus, &word, 1, 0);
  } while (got < 0 && errno == EINTR);
  return got == 1 && word == static_cast<char>(TaskWord::kCommit);
}

}  // namespace

bool PushFile(const TaskContext& context) {
  const TaskRequest& request = *context.request;
  std::string place;
  std::string name;
  if (!Split(request.path, &place, &name)) return FailTask(request.path + " is no name of a file", 0);
  const util::UniqueFd root = Root();
  const util::UniqueFd directory = OpenInRoot(root.get(), place, O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (!directory) return FailTask(place, errno);
  std::string temporary;
  const util::UniqueFd file = Create(directory.get(), &temporary);
  if (!file) return FailTask("make a file in " + place, errno);
  const auto fail = [&](const std::string& what, int error) {
    (void)unlinkat(directory.get(), temporary.c_str(), 0);
    return FailTask(what, error);
  };
  if (const int error = Copy(kTaskStreams, file.get())) return fail("write " + request.path, error);
  if (!Committed()) return fail("the file did not come whole", 0);
  if (fchown(file.get(), request.user_id, request.group_id) < 0) return fail("own " + request.path, errno);
  if (fchmod(file.get(), request.mode) < 0) return fail("set the mode of " + request.path, errno);
  if (fsync(file.get()) < 0) return fail("write " + request.path, errno);
  const unsigned flags = request.no_replace ? RENAME_NOREPLACE : 0;
  if (renameat2(directory.get(), temporary.c_str(), directory.get(), name.c_str(), flags) < 0) {
    return fail(request.path, errno);
  }
  ReportEnd();
  return true;
}

bool PullFile(const TaskContext& context) {
  const TaskRequest& request = *context.request;
  const util::UniqueFd root = Root();
  // Looked at before it is opened: to open a device or a FIFO has effects.
  const util::UniqueFd place = OpenInRoot(root.get(), request.path, O_PATH | O_CLOEXEC);
  struct stat status = {};
  if (!place || fstat(place.get(), &status) < 0) return FailTask(request.path, errno);
  if (!S_ISREG(status.st_mode)) return FailTask(request.path + " is not a regular file", 0);
  const util::UniqueFd file(
      openat(kTaskSelf, std::to_string(place.get()).c_str(), O_RDONLY | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
  if (!file) return FailTask(request.path, errno);
  TaskReport header;
  header.kind = TaskReportKind::kFile;
  header.size = static_cast<uint64_t>(status.st_size);
  header.mode = status.st_mode & 07777;
  header.user_id = status.st_uid;
  header.group_id = status.st_gid;
  header.time_ns = status.st_mtim.tv_sec * int64_t{1000000000} + status.st_mtim.tv_nsec;
  ReportTask(std::move(header));
  if (const int error = Copy(file.get(), kTaskStreams)) return FailTask("read " + request.path, error);
  ReportEnd();
  return true;
}

}  // namespace reeve::lxc

#include "drivers/lxc/supervisor/console_log.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace reeve::lxc {
namespace {

constexpr int kFlags = O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC;

}  // namespace

bool ConsoleLog::Open(const std::string& path, bool append, Failure* failure) {
  path_ = path;
  file_.Reset(open(path.c_str(), kFlags | (append ? 0 : O_TRUNC), 0600));
  struct stat status = {};
  if (!file_ || fstat(file_.get(), &status) < 0) return Fail(failure, Step::kOpenLog, path);
  if (!S_ISREG(status.st_mode)) {
    file_.Reset();
    return FailWith(failure, Step::kOpenLog, 0, path + " is not a regular file");
  }
  size_ = static_cast<uint64_t>(status.st_size);
  return true;
}

void ConsoleLog::Write(const char* bytes, size_t size) {
  if (size_ + size > kMaximumLog) TurnOver();
  while (file_ && size > 0) {
    const ssize_t written = write(file_.get(), bytes, size);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;
    bytes += written;
    size -= static_cast<size_t>(written);
    size_ += static_cast<uint64_t>(written);
  }
}

void ConsoleLog::TurnOver() {
  for (int number = kOlderLogs - 1; number >= 0; --number) {
    const std::string from = number == 0 ? path_ : path_ + "." + std::to_string(number - 1);
    (void)rename(from.c_str(), (path_ + "." + std::to_string(number)).c_str());  // one that is missing is no loss
  }
  // Whatever rename has done, the file never grows beyond its bound.
  file_.Reset(open(path_.c_str(), kFlags | O_TRUNC, 0600));
  size_ = 0;
}

}  // namespace reeve::lxc

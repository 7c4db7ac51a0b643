#include "drivers/lxc/hooks.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <memory>
#include <optional>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "util/errno.h"
#include "util/fd.h"
#include "util/log.h"
#include "util/pidfd.h"

namespace reeve::lxc {
namespace {

constexpr size_t kMaximumOutput = 16 * 1024;

struct PointWords {
  const char* operation;
  const char* stage;
};

PointWords WordsOf(Hooks::Point point) {
  switch (point) {
    case Hooks::Point::kPrepare:
      return {"prepare", "begin"};
    case Hooks::Point::kStart:
      return {"start", "begin"};
    case Hooks::Point::kStarted:
      return {"started", "begin"};
    case Hooks::Point::kStopped:
      return {"stopped", "end"};
    case Hooks::Point::kRelease:
      return {"release", "end"};
    case Hooks::Point::kReconnect:
      return {"reconnect", "begin"};
  }
  return {"", ""};
}

// Names in a directory, sorted; none when it is not there.
std::vector<std::string> Names(const std::string& path) {
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  while (directory != nullptr) {
    const dirent* entry = readdir(directory.get());
    if (entry == nullptr) break;
    if (entry->d_name[0] != '.') names.emplace_back(entry->d_name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::string> Scripts(const std::string& directory) {
  std::vector<std::string> found = {absl::StrCat(directory, "/lxc")};
  for (const std::string& name : Names(absl::StrCat(directory, "/lxc.d"))) {
    found.push_back(absl::StrCat(directory, "/lxc.d/", name));
  }
  std::erase_if(found, [](const std::string& path) {
    struct stat status = {};
    // What is not executable is no script, as for libvirt.
    return stat(path.c_str(), &status) < 0 || !S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0;
  });
  return found;
}

absl::Status CheckOwner(const std::string& path) {
  struct stat status = {};
  if (stat(path.c_str(), &status) < 0) return util::ErrnoStatus(path);
  if ((status.st_uid == 0 || status.st_uid == geteuid()) && (status.st_mode & 022) == 0) return absl::OkStatus();
  return absl::PermissionDeniedError(absl::StrCat(path, ": others than root may write it"));
}

// The whole input in memory, so that a script that reads none of it stops nobody.
absl::StatusOr<util::UniqueFd> InputOf(const std::string& text) {
  util::UniqueFd input(memfd_create("hook input", MFD_CLOEXEC));
  if (!input) return util::ErrnoStatus("memory for the input");
  for (size_t done = 0; done < text.size();) {
    const ssize_t written = write(input.get(), text.data() + done, text.size() - done);
    if (written <= 0) return util::ErrnoStatus("memory for the input");
    done += static_cast<size_t>(written);
  }
  if (lseek(input.get(), 0, SEEK_SET) < 0) return util::ErrnoStatus("memory for the input");
  return input;
}

class Script {
 public:
  explicit Script(std::string path) : path_(std::move(path)) {}

  absl::Status Run(const std::string& domain, PointWords words, const std::string& xml, absl::Duration timeout) {
    if (absl::Status status = CheckOwner(path_); !status.ok()) return status;
    if (absl::Status status = Spawn(domain, words, xml); !status.ok()) return status;
    const absl::Time deadline = absl::Now() + timeout;
    const bool in_time = Listen(deadline);
    // Its children must not go on after it, or after its time.
    (void)kill(-pid_, SIGKILL);
    siginfo_t end = {};
    while (waitid(P_PID, static_cast<id_t>(pid_), &end, WEXITED) < 0 && errno == EINTR) {
    }
    if (!output_.empty()) util::LogInfo("hook ", path_, ": ", output_, cut_ ? " ..." : "");
    if (!in_time) {
      return absl::DeadlineExceededError(
          absl::StrCat(path_, ": did not end within ", absl::FormatDuration(timeout), " and was killed"));
    }
    if (end.si_code == CLD_EXITED && end.si_status == 0) return absl::OkStatus();
    return absl::FailedPreconditionError(
        absl::StrCat(path_, end.si_code == CLD_EXITED ? ": exited with code " : ": was killed by signal ",
                     end.si_status, output_.empty() ? "" : ": ", output_.substr(0, 200)));
  }

 private:
  absl::Status Spawn(const std::string& domain, PointWords words, const std::string& xml) {
    absl::StatusOr<util::UniqueFd> input = InputOf(xml);
    if (!input.ok()) return input.status();
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return util::ErrnoStatus("pipe");
    reader_.Reset(ends[0]);
    const util::UniqueFd writer(ends[1]);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    posix_spawn_file_actions_adddup2(&actions, input->get(), 0);
    posix_spawn_file_actions_adddup2(&actions, writer.get(), 1);
    posix_spawn_file_actions_adddup2(&actions, writer.get(), 2);
    posix_spawn_file_actions_addclosefrom_np(&actions, 3);
    sigset_t none;
    sigset_t all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(&attributes, static_cast<short>(POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK |
                                                             POSIX_SPAWN_SETSIGDEF));
    std::string arguments[] = {path_, domain, words.operation, words.stage, "-"};
    std::vector<char*> pointers;
    for (std::string& argument : arguments) pointers.push_back(argument.data());
    pointers.push_back(nullptr);
    char path[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    char language[] = "LC_ALL=C.UTF-8";
    char* const environment[] = {path, language, nullptr};
    const int error = posix_spawn(&pid_, path_.c_str(), &actions, &attributes, pointers.data(), environment);
    posix_spawn_file_actions_destroy(&actions);
    posix_spawnattr_destroy(&attributes);
    if (error != 0) return util::ErrnoStatus(error, absl::StrCat("execute ", path_));
    pidfd_ = util::OpenPidfd(pid_);
    if (pidfd_) return absl::OkStatus();
    absl::Status status = util::ErrnoStatus(path_);
    (void)kill(-pid_, SIGKILL);
    (void)waitpid(pid_, nullptr, 0);
    return status;
  }

  // Takes its output until it has ended. Children of it that keep the pipe open are not waited for. False when its time is
  // over first.
  bool Listen(absl::Time deadline) {
    for (;;) {
      pollfd ready[] = {{pidfd_.get(), POLLIN, 0}, {reader_ ? reader_.get() : -1, POLLIN, 0}};
      const absl::Duration left = deadline - absl::Now();
      if (left <= absl::ZeroDuration()) return false;
      const int count = poll(ready, 2, static_cast<int>(absl::ToInt64Milliseconds(left)) + 1);
      if (count < 0 && errno != EINTR) return false;
      if (count <= 0) continue;
      if (ready[1].revents != 0 && !Take()) reader_.Reset();
      if (ready[0].revents != 0 && ready[1].revents == 0) return true;
    }
  }

  // False at the end.
  bool Take() {
    char buffer[4096];
    const ssize_t got = read(reader_.get(), buffer, sizeof buffer);
    if (got <= 0) return got < 0 && errno == EINTR;
    const size_t room = kMaximumOutput - output_.size();
    cut_ = cut_ || static_cast<size_t>(got) > room;
    output_.append(buffer, std::min(room, static_cast<size_t>(got)));
    return true;
  }

  const std::string path_;
  pid_t pid_ = 0;
  util::UniqueFd pidfd_;
  util::UniqueFd reader_;
  std::string output_;
  bool cut_ = false;
};

}  // namespace

bool Hooks::Any() const {
  return !Scripts(directory_).empty();
}

absl::Status Hooks::Run(Point point, const std::string& domain, const std::function<std::string()>& xml) const {
  const std::vector<std::string> scripts = Scripts(directory_);
  if (scripts.empty()) return absl::OkStatus();
  const std::string text = xml();
  const PointWords words = WordsOf(point);
  for (const std::string& path : scripts) {
    if (absl::Status status = Script(path).Run(domain, words, text, timeout_); !status.ok()) {
      return absl::Status(status.code(), absl::StrCat("hook ", words.operation, ": ", status.message()));
    }
  }
  return absl::OkStatus();
}

}  // namespace reeve::lxc

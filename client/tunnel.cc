#include "client/tunnel.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cerrno>
#include <thread>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "client/fd_channel.h"
#include "util/errno.h"
#include "util/fd.h"
#include "util/pidfd.h"

extern char** environ;

namespace reeve::client {
namespace {

constexpr size_t kKeptErrors = 4096;
constexpr int kGraceMilliseconds = 1000;

// Reads once; the last bytes of all are kept. False at the end.
bool ReadErrors(int fd, std::string* text) {
  char buffer[1024];
  const ssize_t count = ::read(fd, buffer, sizeof(buffer));
  if (count < 0) return errno == EINTR || errno == EAGAIN;
  text->append(buffer, static_cast<size_t>(count));
  if (text->size() > kKeptErrors) text->erase(0, text->size() - kKeptErrors);
  return count > 0;
}

// The lines that a program wrote, as one.
std::string OneLine(std::string text) {
  for (char& c : text) {
    if (absl::ascii_iscntrl(static_cast<unsigned char>(c))) c = c == '\n' ? ';' : ' ';
  }
  absl::string_view line = absl::StripAsciiWhitespace(text);
  while (absl::ConsumeSuffix(&line, ";") || absl::ConsumeSuffix(&line, " ")) {
  }
  return std::string(line);
}

std::string Ending(int status) {
  if (WIFSIGNALED(status)) return absl::StrCat("was killed by signal ", WTERMSIG(status));
  return absl::StrCat("ended with ", WEXITSTATUS(status));
}

// Whether trying again can help. ssh(1) ends with 255 for every error of its own, and tells in words which one it was
// (OpenSSH's are not translated); 126 and 127 are a shell's for a program that cannot be run (POSIX, 2.8.2).
absl::StatusCode CodeOf(int status, absl::string_view text) {
  if (WIFEXITED(status) && (WEXITSTATUS(status) == 126 || WEXITSTATUS(status) == 127)) {
    return absl::StatusCode::kFailedPrecondition;
  }
  for (const absl::string_view refusal :
       {"Permission denied", "Host key verification failed", "Too many authentication failures"}) {
    if (WIFEXITED(status) && WEXITSTATUS(status) == 255 && absl::StrContains(text, refusal)) {
      return absl::StatusCode::kUnauthenticated;
    }
  }
  return absl::StatusCode::kUnavailable;
}

// The program's attributes of posix_spawn(3): a session of signals as a shell would give it.
class Spawn {
 public:
  Spawn() {
    ::posix_spawn_file_actions_init(&actions_);
    ::posix_spawnattr_init(&attributes_);
    sigset_t none;
    sigemptyset(&none);
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
    ::posix_spawnattr_setsigdefault(&attributes_, &usual);
    ::posix_spawnattr_setflags(&attributes_, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  }
  ~Spawn() {
    ::posix_spawnattr_destroy(&attributes_);
    ::posix_spawn_file_actions_destroy(&actions_);
  }
  Spawn(const Spawn&) = delete;
  Spawn& operator=(const Spawn&) = delete;

  int Run(const std::vector<std::string>& command, int socket, int errors, pid_t* process) {
    ::posix_spawn_file_actions_adddup2(&actions_, socket, STDIN_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, socket, STDOUT_FILENO);
    ::posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    std::vector<char*> words;
    for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
    words.push_back(nullptr);
    return ::posix_spawnp(process, words[0], &actions_, &attributes_, words.data(), environ);
  }

 private:
  posix_spawn_file_actions_t actions_;
  posix_spawnattr_t attributes_;
};

// A running program: its end is waited for, whatever happens.
class Program {
 public:
  Program(pid_t process, util::UniqueFd errors)
      : process_(process), ending_(util::OpenPidfd(process)), errors_(std::move(errors)) {}
  Program(Program&&) = default;

  int errors() const { return errors_.get(); }
  // Until it has ended; what it wrote is added to `text`. Its standard error may stay open behind it, in a program that
  // it left behind.
  int Await(std::string* text) {
    pollfd polled[2] = {{errors_.get(), POLLIN, 0}, {ending_.get(), POLLIN, 0}};
    while (polled[0].fd >= 0) {
      if (::poll(polled, 2, -1) < 0) continue;  // EINTR
      if (polled[0].revents != 0) {
        if (!ReadErrors(polled[0].fd, text)) polled[0].fd = -1;
      } else if (polled[1].revents != 0) {
        break;
      }
    }
    int status = 0;
    while (::waitpid(process_, &status, 0) < 0 && errno == EINTR) {
    }
    return status;
  }
  // Asks it to end, and ends it if it does not.
  void Terminate() {
    ::kill(process_, SIGTERM);
    pollfd polled{ending_.get(), POLLIN, 0};
    if (::poll(&polled, 1, kGraceMilliseconds) <= 0) ::kill(process_, SIGKILL);
  }

 private:
  pid_t process_;
  util::UniqueFd ending_;  // of pidfd_open(2)
  util::UniqueFd errors_;
};

// Whether the far end spoke. False when the program closed the connection; an error when interrupted.
absl::StatusOr<bool> AwaitFirstByte(int socket, Program* program, int interrupt_fd, std::string* text) {
  pollfd polled[3] = {{socket, POLLIN, 0}, {program->errors(), POLLIN, 0}, {interrupt_fd, POLLIN, 0}};
  while (true) {
    if (::poll(polled, 3, -1) < 0) {
      if (errno == EINTR) continue;
      return util::ErrnoStatus("poll");
    }
    if (polled[2].revents != 0) return absl::CancelledError("interrupted");
    if (polled[0].revents != 0) {
      char byte = 0;
      return ::recv(socket, &byte, 1, MSG_PEEK) == 1;
    }
    if (polled[1].revents != 0 && !ReadErrors(program->errors(), text)) polled[1].fd = -1;
  }
}

}  // namespace

absl::StatusOr<std::shared_ptr<grpc::Channel>> ConnectTunnel(const std::vector<std::string>& command,
                                                             int interrupt_fd) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) return util::ErrnoStatus("make a socketpair");
  util::UniqueFd ours(ends[0]);
  util::UniqueFd theirs(ends[1]);
  if (::pipe2(ends, O_CLOEXEC) != 0) return util::ErrnoStatus("make a pipe");
  util::UniqueFd errors(ends[0]);
  util::UniqueFd their_errors(ends[1]);
  pid_t process = 0;
  if (const int error = Spawn().Run(command, theirs.get(), their_errors.get(), &process); error != 0) {
    return absl::InvalidArgumentError(
        absl::StrCat("execute ", command[0], ": ", util::ErrnoStatus(error, "execve").message()));
  }
  theirs.Reset();
  their_errors.Reset();

  Program program(process, std::move(errors));
  std::string text;
  const absl::StatusOr<bool> spoke = AwaitFirstByte(ours.get(), &program, interrupt_fd, &text);
  if (!spoke.ok() || !*spoke) {
    if (!spoke.ok()) program.Terminate();
    ours.Reset();
    const int status = program.Await(&text);
    if (!spoke.ok()) return spoke.status();
    const std::string said = OneLine(text);
    return absl::Status(
        CodeOf(status, said),
        absl::StrCat(command[0], " ", Ending(status), said.empty() ? ", without a word" : absl::StrCat(": ", said)));
  }
  auto channel = ChannelFromFd(std::move(ours), command[0]);
  // It ends when gRPC closes the socket, which may be long after the last user of the channel.
  std::thread([program = std::move(program)]() mutable {
    std::string ignored;
    program.Await(&ignored);
  }).detach();
  return channel;
}

}  // namespace reeve::client

#include "daemon/listen_fds.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <functional>

#include "absl/strings/str_cat.h"

namespace reeve {
namespace {

// Listening socket without a path (autobind, unix(7)).
int Listening(int type = SOCK_STREAM) {
  const int fd = socket(AF_UNIX, type, 0);
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof(sa_family_t)) != 0) _exit(90);
  if (type == SOCK_STREAM && listen(fd, 1) != 0) _exit(91);
  return fd;
}

// Runs `check` in a child whose descriptors from 3 on are those that `make` returns, as systemd would start it; its
// result is the child's exit code. Descriptors cannot be moved to 3 in the test itself: they may be in use.
int InChild(const std::vector<std::function<int()>>& make, const char* names, bool own_pid,
            const std::function<bool()>& check) {
  const pid_t child = fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    for (size_t i = 0; i < make.size(); ++i) {
      const int fd = make[i]();
      if (dup2(fd, 3 + static_cast<int>(i)) < 0) _exit(92);
    }
    setenv("LISTEN_FDS", absl::StrCat(make.size()).c_str(), 1);
    setenv("LISTEN_PID", absl::StrCat(own_pid ? getpid() : 1).c_str(), 1);
    if (names != nullptr) setenv("LISTEN_FDNAMES", names, 1);
    _exit(check() ? 0 : 1);
  }
  int status = 0;
  REQUIRE(waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int Stream() {
  return Listening();
}

bool RefusedNaming(const std::string& word) {
  const auto sockets = TakePassedSockets();
  return !sockets.ok() && sockets.status().message().find(word) != absl::string_view::npos;
}

TEST_CASE("sockets are taken by name, and not left to children") {
  CHECK(InChild({Stream, Stream}, "reeve-ro:reeve", true, [] {
          const auto sockets = TakePassedSockets();
          return sockets.ok() && sockets->size() == 2 && (*sockets)[0].socket.get() == 3 && (*sockets)[0].read_only &&
                 (*sockets)[1].socket.get() == 4 && !(*sockets)[1].read_only && (fcntl(3, F_GETFD) & FD_CLOEXEC) != 0 &&
                 getenv("LISTEN_FDS") == nullptr && getenv("LISTEN_FDNAMES") == nullptr;
        }) == 0);
}

TEST_CASE("what is meant for another process is not touched") {
  CHECK(InChild({Stream}, "reeve", false, [] {
          const auto sockets = TakePassedSockets();
          return sockets.ok() && sockets->empty() && fcntl(3, F_GETFD) >= 0;
        }) == 0);
}

TEST_CASE("unknown and missing names are refused") {
  CHECK(InChild({Stream}, "sshd", true, [] { return RefusedNaming("\"sshd\""); }) == 0);
  CHECK(InChild({Stream}, nullptr, true, [] { return RefusedNaming("\"unknown\""); }) == 0);
  CHECK(InChild({Stream, Stream}, "reeve:x", true, [] { return RefusedNaming("socket 1"); }) == 0);
}

TEST_CASE("what is not a listening Unix stream socket is refused") {
  const auto refused = [] { return RefusedNaming("not a listening Unix stream socket"); };
  CHECK(InChild({[] { return socket(AF_UNIX, SOCK_STREAM, 0); }}, "reeve", true, refused) == 0);
  CHECK(InChild({[] { return Listening(SOCK_DGRAM); }}, "reeve", true, refused) == 0);
  CHECK(InChild({[] { return socket(AF_INET, SOCK_STREAM, 0); }}, "reeve", true, refused) == 0);
  CHECK(InChild({[] { return open("/dev/null", O_RDWR); }}, "reeve", true, refused) == 0);
}

TEST_CASE("without socket activation there are none") {
  unsetenv("LISTEN_FDS");
  unsetenv("LISTEN_PID");
  CHECK(TakePassedSockets()->empty());
}

}  // namespace
}  // namespace reeve

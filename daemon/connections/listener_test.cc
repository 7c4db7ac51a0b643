#include "daemon/connections/listener.h"

#include <grp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "daemon/connections/testing/sockets.h"

namespace reeve::connections {
namespace {

using testing::Connect;
using testing::SocketDirectory;

TEST_CASE("a socket stands at its path with its mode, and goes with its listener") {
  const SocketDirectory directory;
  const std::string path = directory.Path("s");
  {
    const absl::StatusOr<Listener> listener = Listener::Create({.path = path, .mode = 0666, .read_only = true});
    REQUIRE(listener.ok());
    struct stat info {};
    REQUIRE(::stat(path.c_str(), &info) == 0);
    CHECK(S_ISSOCK(info.st_mode));
    CHECK((info.st_mode & 07777) == 0666);
    CHECK(listener->read_only());
    CHECK(Connect(path));
  }
  CHECK_FALSE(std::filesystem::exists(path));
  CHECK(std::filesystem::is_empty(directory.Path("")));
}

TEST_CASE("the mode does not depend on the umask") {
  const SocketDirectory directory;
  const mode_t before = ::umask(0);
  const absl::StatusOr<Listener> listener = Listener::Create({.path = directory.Path("s"), .mode = 0600});
  ::umask(before);
  struct stat info {};
  REQUIRE(::stat(directory.Path("s").c_str(), &info) == 0);
  CHECK((info.st_mode & 07777) == 0600);
}

TEST_CASE("a socket that a dead daemon left is replaced, one that is in use is not") {
  const SocketDirectory directory;
  const std::string path = directory.Path("s");
  ::close(testing::ListenAt(path).Release());
  REQUIRE(std::filesystem::exists(path));
  const absl::StatusOr<Listener> first = Listener::Create({.path = path});
  REQUIRE(first.ok());
  CHECK(Connect(path));
  const absl::StatusOr<Listener> second = Listener::Create({.path = path});
  CHECK(second.status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(Connect(path));
}

TEST_CASE("what is not a socket is left alone") {
  const SocketDirectory directory;
  const std::string path = directory.Path("s");
  std::ofstream(path) << "precious";
  CHECK(Listener::Create({.path = path}).status().code() == absl::StatusCode::kAlreadyExists);
  CHECK(std::filesystem::file_size(path) == 8);
}

TEST_CASE("paths that cannot be are refused") {
  const SocketDirectory directory;
  CHECK_FALSE(Listener::Create({.path = ""}).ok());
  CHECK_FALSE(Listener::Create({.path = "relative"}).ok());
  CHECK_FALSE(Listener::Create({.path = std::string("/a\0b", 4)}).ok());
  CHECK_FALSE(Listener::Create({.path = directory.Path("absent/s")}).ok());
  const absl::Status status = Listener::Create({.path = directory.Path(std::string(200, 'x'))}).status();
  CHECK(status.code() == absl::StatusCode::kInvalidArgument);
  CHECK(status.message().find("at most 106") != absl::string_view::npos);
}

TEST_CASE("the longest path works") {
  const SocketDirectory directory;
  const std::string path = directory.Path(std::string(106 - directory.Path("").size(), 'x'));
  REQUIRE(path.size() == 106);
  const absl::StatusOr<Listener> listener = Listener::Create({.path = path});
  REQUIRE(listener.ok());
  CHECK(Connect(path));
}

TEST_CASE("an unknown group is an error and leaves nothing behind") {
  const SocketDirectory directory;
  const absl::Status status = Listener::Create({.path = directory.Path("s"), .group = "no-such-group-here"}).status();
  CHECK(status.code() == absl::StatusCode::kNotFound);
  CHECK(std::filesystem::is_empty(directory.Path("")));
}

TEST_CASE("a socket that has taken the place of ours stays") {
  const SocketDirectory directory;
  const std::string path = directory.Path("s");
  util::UniqueFd newer;
  {
    const absl::StatusOr<Listener> listener = Listener::Create({.path = path});
    REQUIRE(listener.ok());
    std::filesystem::remove(path);
    newer = testing::ListenAt(path);
  }
  CHECK(Connect(path));
}

TEST_CASE("a socket of systemd is taken if it listens, and its path is left alone") {
  const SocketDirectory directory;
  const std::string path = directory.Path("s");
  {
    const absl::StatusOr<Listener> listener = Listener::Adopt(testing::ListenAt(path), false);
    REQUIRE(listener.ok());
    CHECK(listener->path() == path);
    CHECK(::accept4(listener->fd(), nullptr, nullptr, SOCK_CLOEXEC) < 0);  // non-blocking by now
  }
  CHECK(std::filesystem::exists(path));
  CHECK_FALSE(Listener::Adopt(util::UniqueFd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)), false).ok());
  CHECK_FALSE(Listener::Adopt(util::UniqueFd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)), false).ok());
  CHECK_FALSE(Listener::Adopt(util::UniqueFd(), false).ok());
}

}  // namespace
}  // namespace reeve::connections

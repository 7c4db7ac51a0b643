#include "daemon/liveness.h"

#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <cstring>
#include <future>

#include "daemon/temporary_directory.h"
#include "util/fd.h"

namespace reeve {
namespace {

struct Fixture {
  Fixture() : path(directory.Below("socket")), listener(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    REQUIRE(listen(listener.get(), 1) == 0);
  }
  TemporaryDirectory directory;
  const std::string path;
  util::UniqueFd listener;
};

TEST_CASE_METHOD(Fixture, "a server that says something is alive") {
  auto server = std::async(std::launch::async, [this] {
    util::UniqueFd connection(accept(listener.get(), nullptr, nullptr));
    const bool sent = write(connection.get(), "x", 1) == 1;
    return std::pair(std::move(connection), sent);
  });
  CHECK(CheckLiveness(path, absl::Seconds(10)).ok());
  CHECK(server.get().second);
}

TEST_CASE_METHOD(Fixture, "a server that turns the client away is alive") {
  auto server =
      std::async(std::launch::async, [this] { util::UniqueFd connection(accept(listener.get(), nullptr, nullptr)); });
  CHECK(CheckLiveness(path, absl::Seconds(10)).ok());
}

TEST_CASE_METHOD(Fixture, "a server that accepts nothing, or is not there, is not alive") {
  CHECK(CheckLiveness(path, absl::Milliseconds(1)).code() == absl::StatusCode::kDeadlineExceeded);
  listener.Reset();
  CHECK_FALSE(CheckLiveness(path, absl::Milliseconds(1)).ok());
  CHECK_FALSE(CheckLiveness(directory.Below("none"), absl::Milliseconds(1)).ok());
  CHECK_FALSE(CheckLiveness(std::string(200, 'x'), absl::Milliseconds(1)).ok());
}

}  // namespace
}  // namespace reeve

// A service manager that keeps what it is told.
#pragma once

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>
#include <string>

#include "daemon/temporary_directory.h"
#include "util/fd.h"

namespace reeve {

// Listens on NOTIFY_SOCKET while it lives.
class FakeServiceManager {
 public:
  FakeServiceManager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    const std::string path = directory_.Below("notify");
    REQUIRE(path.size() < sizeof address.sun_path);
    memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~FakeServiceManager() { unsetenv("NOTIFY_SOCKET"); }
  // The next message; "" when there is none. A datagram is there when send(2) has returned.
  std::string Next() {
    char buffer[4096];
    const ssize_t bytes = recv(socket_.get(), buffer, sizeof buffer, 0);
    return bytes > 0 ? std::string(buffer, bytes) : "";
  }

  // Waits for the next message, ten seconds at most.
  std::string Await() {
    pollfd waiting{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    return poll(&waiting, 1, 10'000) == 1 ? Next() : "";
  }

 private:
  TemporaryDirectory directory_;
  util::UniqueFd socket_;
};

}  // namespace reeve

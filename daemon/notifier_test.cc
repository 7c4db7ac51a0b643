#include "daemon/notifier.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "daemon/temporary_directory.h"
#include "util/fd.h"

namespace reeve {
namespace {

// A service manager.
class FakeManager {
 public:
  FakeManager() : socket_(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
    const std::string path = directory_.Below("notify");
    REQUIRE(path.size() < sizeof address.sun_path);
    memcpy(address.sun_path, path.data(), path.size());
    REQUIRE(bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    setenv("NOTIFY_SOCKET", path.c_str(), 1);
  }
  ~FakeManager() { unsetenv("NOTIFY_SOCKET"); }
  // The next message; "" when there is none. A datagram is there when send(2) has returned.
  std::string Next() {
    char buffer[4096];
    const ssize_t bytes = recv(socket_.get(), buffer, sizeof buffer, 0);
    return bytes > 0 ? std::string(buffer, bytes) : "";
  }

 private:
  TemporaryDirectory directory_;
  util::UniqueFd socket_;
};

TEST_CASE("the service manager hears of every step") {
  FakeManager manager;
  CHECK(Notifier::Wanted());
  Notifier notifier;
  notifier.Ready("0 domains");
  CHECK(manager.Next() == "READY=1\nSTATUS=0 domains");
  notifier.Status("1 domain");
  CHECK(manager.Next() == "STATUS=1 domain");
  notifier.Reloading(absl::Microseconds(12345678));
  CHECK(manager.Next() == "RELOADING=1\nMONOTONIC_USEC=12345678");
  notifier.Watchdog();
  CHECK(manager.Next() == "WATCHDOG=1");
  notifier.Stopping();
  CHECK(manager.Next() == "STOPPING=1\nSTATUS=ending, guests go on");
  CHECK(manager.Next().empty());
}

TEST_CASE("a status is sent once, and cannot bring in other variables") {
  FakeManager manager;
  Notifier notifier;
  notifier.Ready("same");
  CHECK_FALSE(manager.Next().empty());
  notifier.Status("same");
  CHECK(manager.Next().empty());
  notifier.Status("a\nWATCHDOG=trigger");
  CHECK(manager.Next() == "STATUS=a\\nWATCHDOG=trigger");
}

TEST_CASE("without a service manager nothing happens") {
  unsetenv("NOTIFY_SOCKET");
  CHECK_FALSE(Notifier::Wanted());
  Notifier notifier;
  notifier.Ready("fine");
  setenv("NOTIFY_SOCKET", "/nonexistent/socket", 1);
  notifier.Status("cannot be sent, is logged");
  unsetenv("NOTIFY_SOCKET");
}

TEST_CASE("the watchdog's time is taken only if it is meant for this process") {
  unsetenv("WATCHDOG_PID");
  unsetenv("WATCHDOG_USEC");
  CHECK(Notifier::WatchdogTimeout() == absl::InfiniteDuration());
  setenv("WATCHDOG_USEC", "30000000", 1);
  CHECK(Notifier::WatchdogTimeout() == absl::Seconds(30));
  setenv("WATCHDOG_PID", absl::StrCat(getpid()).c_str(), 1);
  CHECK(Notifier::WatchdogTimeout() == absl::Seconds(30));
  setenv("WATCHDOG_PID", "1", 1);
  CHECK(Notifier::WatchdogTimeout() == absl::InfiniteDuration());
  unsetenv("WATCHDOG_PID");
  setenv("WATCHDOG_USEC", "soon", 1);
  CHECK(Notifier::WatchdogTimeout() == absl::InfiniteDuration());
  unsetenv("WATCHDOG_USEC");
}

}  // namespace
}  // namespace reeve

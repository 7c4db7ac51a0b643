#include "daemon/notifier.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "daemon/fake_service_manager.h"

namespace reeve {
namespace {

TEST_CASE("the service manager hears of every step") {
  FakeServiceManager manager;
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
  FakeServiceManager manager;
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

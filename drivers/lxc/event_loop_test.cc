#include "drivers/lxc/event_loop.h"

#include <sys/eventfd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <thread>
#include <utility>

#include "absl/synchronization/notification.h"

namespace reeve::lxc {
namespace {

std::shared_ptr<EventLoop> MustCreate() {
  absl::StatusOr<std::unique_ptr<EventLoop>> loop = EventLoop::Create();
  REQUIRE(loop.ok());
  return *std::move(loop);
}

TEST_CASE("a handler may be the last to hold the loop, once the loop has been stopped") {
  std::shared_ptr<EventLoop> loop = MustCreate();
  const util::UniqueFd ready(eventfd(1, EFD_CLOEXEC));
  absl::Notification called;
  absl::Notification go_on;
  absl::StatusOr<uint64_t> key = loop->Add(ready.get(), EPOLLIN, [&, held = loop](uint32_t) {
    if (called.HasBeenNotified()) return;
    called.Notify();
    go_on.WaitForNotification();
  });
  REQUIRE(key.ok());
  called.WaitForNotification();
  std::thread remover([&] { loop->Remove(*key); });
  std::thread stopper([&, held = loop] { held->Stop(); });
  go_on.Notify();
  remover.join();
  stopper.join();
  CHECK(loop.use_count() == 1);
}

TEST_CASE("what a handler owns is gone when it has been removed, and may use the loop as it goes") {
  struct Owned {
    explicit Owned(std::shared_ptr<EventLoop> given, std::atomic<bool>* flag) : loop(std::move(given)), gone(flag) {}
    ~Owned() {
      loop->Remove(12345);
      *gone = true;
    }
    const std::shared_ptr<EventLoop> loop;
    std::atomic<bool>* const gone;
  };
  const std::shared_ptr<EventLoop> loop = MustCreate();
  const util::UniqueFd ready(eventfd(0, EFD_CLOEXEC));
  std::atomic<bool> gone = false;
  absl::Notification called;
  absl::Notification go_on;
  absl::StatusOr<uint64_t> key =
      loop->Add(ready.get(), EPOLLIN, [&, owned = std::make_shared<Owned>(loop, &gone)](uint32_t) {
        if (called.HasBeenNotified()) return;
        called.Notify();
        go_on.WaitForNotification();
      });
  REQUIRE(key.ok());
  SECTION("while it does not run") {
    loop->Remove(*key);
    CHECK(gone);
  }
  SECTION("while it runs") {
    REQUIRE(eventfd_write(ready.get(), 1) == 0);
    called.WaitForNotification();
    std::thread other([&] { go_on.Notify(); });
    loop->Remove(*key);
    CHECK(gone);
    other.join();
  }
}

TEST_CASE("a loop that has been stopped can be stopped again and does no harm") {
  const std::shared_ptr<EventLoop> loop = MustCreate();
  loop->Stop();
  loop->Stop();
  const util::UniqueFd ready(eventfd(1, EFD_CLOEXEC));
  absl::StatusOr<uint64_t> key = loop->Add(ready.get(), EPOLLIN, [](uint32_t) { FAIL("called"); });
  REQUIRE(key.ok());
  CHECK(loop->Change(*key, 0).ok());
  loop->Remove(*key);
}

}  // namespace
}  // namespace reeve::lxc

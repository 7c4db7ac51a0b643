#include "drivers/test/wedges.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <future>
#include <thread>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::test_driver {
namespace {

// Until the number of calls that hang is `count`.
void AwaitWaiting(Wedges* wedges, const std::string& domain, uint32_t count) {
  while (true) {
    const absl::StatusOr<uint32_t> waiting = wedges->Set(domain, true);
    REQUIRE(waiting.ok());
    if (*waiting == count) return;
    std::this_thread::yield();
  }
}

TEST_CASE("a domain that is not wedged does not wait") {
  Wedges wedges;
  REQUIRE(wedges.Set("other", true).ok());
  wedges.Wait("web1");
  CHECK(wedges.WaitUnless("web1", [] { return true; }));
}

TEST_CASE("calls hang until they are released, and are counted") {
  Wedges wedges;
  CHECK(*wedges.Set("web1", true) == 0);
  auto first = std::async(std::launch::async, [&] { wedges.Wait("web1"); });
  auto second = std::async(std::launch::async, [&] { wedges.Wait("web1"); });
  AwaitWaiting(&wedges, "web1", 2);
  CHECK(first.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  CHECK(*wedges.Set("web1", false) == 0);
  first.get();
  second.get();
  wedges.Wait("web1");
}

TEST_CASE("a release is not lost when the wedge is set again at once") {
  Wedges wedges;
  REQUIRE(wedges.Set("web1", true).ok());
  auto call = std::async(std::launch::async, [&] { wedges.Wait("web1"); });
  AwaitWaiting(&wedges, "web1", 1);
  REQUIRE(wedges.Set("web1", false).ok());
  CHECK(*wedges.Set("web1", true) == 0);
  call.get();
}

TEST_CASE("a cancelled call goes on alone") {
  Wedges wedges;
  REQUIRE(wedges.Set("web1", true).ok());
  std::atomic<bool> cancelled = false;
  auto call =
      std::async(std::launch::async, [&] { return wedges.WaitUnless("web1", [&] { return cancelled.load(); }); });
  AwaitWaiting(&wedges, "web1", 1);
  cancelled = true;
  CHECK_FALSE(call.get());
  CHECK(*wedges.Set("web1", true) == 0);
}

TEST_CASE("a released call is not cancelled") {
  Wedges wedges;
  REQUIRE(wedges.Set("web1", true).ok());
  auto call = std::async(std::launch::async, [&] { return wedges.WaitUnless("web1", [] { return false; }); });
  AwaitWaiting(&wedges, "web1", 1);
  REQUIRE(wedges.Set("web1", false).ok());
  CHECK(call.get());
}

TEST_CASE("after ReleaseAll nothing hangs any more") {
  Wedges wedges;
  REQUIRE(wedges.Set("web1", true).ok());
  auto call = std::async(std::launch::async, [&] { wedges.Wait("web1"); });
  AwaitWaiting(&wedges, "web1", 1);
  wedges.ReleaseAll();
  call.get();
  CHECK(*wedges.Set("web1", true) == 0);
  wedges.Wait("web1");
}

TEST_CASE("the number of wedges is bounded") {
  Wedges wedges;
  for (size_t i = 0; i < Wedges::kMaxNames; ++i) REQUIRE(wedges.Set(absl::StrCat("d", i), true).ok());
  const auto refused = wedges.Set("one more", true);
  CHECK(ReasonOf(refused.status()) == v1::REASON_REQUEST_INVALID);
  CHECK(wedges.Set("d0", true).ok());
  CHECK(wedges.Set("d0", false).ok());
  CHECK(wedges.Set("one more", true).ok());
}

}  // namespace
}  // namespace reeve::test_driver

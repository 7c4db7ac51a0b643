#include "drivers/test/test_driver.h"

#include <catch2/catch.hpp>
#include <future>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "proto/status.h"
#include "util/fake_clock.h"

namespace reeve::test_driver {
namespace {

using drivers::DomainKey;

class Observer final : public drivers::GuestObserver {
 public:
  void OnExit(const DomainKey& domain, const drivers::GuestExit& exit) override { exits.emplace_back(domain, exit); }
  void OnReboot(const DomainKey& domain, const drivers::RunningGuest&, bool requested) override {
    reboots.emplace_back(domain, requested);
  }
  std::vector<std::pair<DomainKey, drivers::GuestExit>> exits;
  std::vector<std::pair<DomainKey, bool>> reboots;
};

class NoProgress final : public drivers::Progress {
 public:
  void Report(absl::string_view, uint32_t percent) override { percents.push_back(percent); }
  bool Cancelled() const override { return cancelled; }
  std::vector<uint32_t> percents;
  std::atomic<bool> cancelled = false;
};

struct Fixture {
  Fixture() { CHECK(driver.Recover({}, &observer).empty()); }

  void AwaitWaiting(const std::string& domain, uint32_t count) {
    while (driver.SetWedge(domain, true).value() != count) std::this_thread::yield();
  }

  util::FakeClock clock;
  Observer observer;
  TestDriver driver{&clock};
  const DomainKey key{.name = "web1", .uid = "8c1a2b3c-0000-4000-8000-000000000001", .run = 1};
  v1::DomainSpec spec;
};

v1::Reason Reason(const absl::Status& status) {
  return ReasonOf(status);
}

TEST_CASE_METHOD(Fixture, "it describes itself and can always run") {
  CHECK(driver.Describe().name() == "hypervisors/test");
  CHECK(driver.Describe().available());
  CHECK(driver.Capabilities()->find("<domain type='test'/>") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "a guest starts, is suspended, resumed and destroyed") {
  const auto started = driver.Start(key, spec, false);
  REQUIRE(started.ok());
  CHECK(started->id == 1);
  CHECK(started->start_time == clock.Now());
  CHECK_FALSE(started->paused);
  CHECK(Reason(driver.Start(key, spec, false).status()) == v1::REASON_DOMAIN_STATE);
  CHECK(Reason(driver.Resume(key)) == v1::REASON_DOMAIN_STATE);
  CHECK(driver.Suspend(key).ok());
  CHECK(Reason(driver.Suspend(key)) == v1::REASON_DOMAIN_STATE);
  CHECK(driver.Resume(key).ok());
  const auto exit = driver.Destroy(key);
  REQUIRE(exit.ok());
  CHECK(exit->reason == v1::DOMAIN_STATE_REASON_DESTROYED);
  CHECK(exit->detail == v1::EVENT_DETAIL_STOPPED_DESTROYED);
  CHECK(exit->status.signal() == 9);
  CHECK(observer.exits.empty());  // it was the result of Destroy
  CHECK(Reason(driver.Destroy(key).status()) == v1::REASON_DOMAIN_STATE);
  CHECK(driver.Start(key, spec, true)->paused);
}

TEST_CASE_METHOD(Fixture, "every call on a guest that does not run is refused") {
  CHECK(Reason(driver.Shutdown(key, {})) == v1::REASON_DOMAIN_STATE);
  CHECK(Reason(driver.Reboot(key, {})) == v1::REASON_DOMAIN_STATE);
  CHECK(Reason(driver.Suspend(key)) == v1::REASON_DOMAIN_STATE);
  CHECK(Reason(driver.Sample(key).status()) == v1::REASON_DOMAIN_STATE);
  CHECK(Reason(driver.OpenConsole(key, {}, {}).status()) == v1::REASON_DOMAIN_STATE);
  CHECK(Reason(driver.EndGuest("web1", v1::EndGuestRequest::HOW_CRASH)) == v1::REASON_DOMAIN_STATE);
  NoProgress progress;
  CHECK(Reason(driver.Save(key, &progress)) == v1::REASON_DOMAIN_STATE);
  REQUIRE(driver.Start(key, spec, false).ok());
  DomainKey other = key;
  other.uid = "8c1a2b3c-0000-4000-8000-000000000002";
  CHECK(Reason(driver.Suspend(other)) == v1::REASON_DOMAIN_STATE);
}

TEST_CASE_METHOD(Fixture, "shutdown ends the guest at once") {
  REQUIRE(driver.Start(key, spec, false).ok());
  CHECK(driver.Shutdown(key, {}).ok());
  REQUIRE(observer.exits.size() == 1);
  CHECK(observer.exits[0].first.name == "web1");
  CHECK(observer.exits[0].first.run == 1);
  CHECK(observer.exits[0].second.detail == v1::EVENT_DETAIL_STOPPED_SHUTDOWN);
  CHECK(observer.exits[0].second.status.code() == 0);
}

TEST_CASE_METHOD(Fixture, "reboot restarts it, and a suspended one runs again") {
  REQUIRE(driver.Start(key, spec, true).ok());
  CHECK(driver.Reboot(key, {}).ok());
  REQUIRE(observer.reboots.size() == 1);
  CHECK(observer.reboots[0].second);
  CHECK(Reason(driver.Resume(key)) == v1::REASON_DOMAIN_STATE);
  CHECK(driver.EndGuest("web1", v1::EndGuestRequest::HOW_REBOOT).ok());
  REQUIRE(observer.reboots.size() == 2);
  CHECK_FALSE(observer.reboots[1].second);
  CHECK(observer.exits.empty());
}

TEST_CASE_METHOD(Fixture, "guests end in the ways they are told, each with its own detail") {
  const std::vector<std::tuple<v1::EndGuestRequest::How, v1::DomainStateReason, v1::EventDetail, v1::EventCause>> ways =
      {{v1::EndGuestRequest::HOW_SHUTDOWN, v1::DOMAIN_STATE_REASON_SHUTDOWN, v1::EVENT_DETAIL_STOPPED_SHUTDOWN,
        v1::EVENT_CAUSE_GUEST},
       {v1::EndGuestRequest::HOW_CRASH, v1::DOMAIN_STATE_REASON_CRASHED, v1::EVENT_DETAIL_STOPPED_CRASHED,
        v1::EVENT_CAUSE_CRASH},
       {v1::EndGuestRequest::HOW_OUT_OF_MEMORY, v1::DOMAIN_STATE_REASON_OUT_OF_MEMORY,
        v1::EVENT_DETAIL_STOPPED_OUT_OF_MEMORY, v1::EVENT_CAUSE_OUT_OF_MEMORY}};
  for (const auto& [how, reason, detail, cause] : ways) {
    observer.exits.clear();
    REQUIRE(driver.Start(key, spec, false).ok());
    CHECK(driver.EndGuest("web1", how).ok());
    REQUIRE(observer.exits.size() == 1);
    CHECK(observer.exits[0].second.reason == reason);
    CHECK(observer.exits[0].second.detail == detail);
    CHECK(observer.exits[0].second.cause == cause);
  }
  REQUIRE(driver.Start(key, spec, false).ok());
  CHECK(Reason(driver.EndGuest("web1", v1::EndGuestRequest::HOW_UNSPECIFIED)) == v1::REASON_REQUEST_INVALID);
}

TEST_CASE_METHOD(Fixture, "lifecycle actions decide between end and restart") {
  spec.mutable_lifecycle_actions()->set_on_poweroff("restart");
  spec.mutable_lifecycle_actions()->set_on_reboot("destroy");
  spec.mutable_lifecycle_actions()->set_on_crash("restart");
  REQUIRE(driver.Start(key, spec, false).ok());
  CHECK(driver.EndGuest("web1", v1::EndGuestRequest::HOW_SHUTDOWN).ok());
  CHECK(driver.EndGuest("web1", v1::EndGuestRequest::HOW_CRASH).ok());
  CHECK(observer.reboots.size() == 2);
  CHECK(observer.exits.empty());
  CHECK(driver.Reboot(key, {}).ok());
  CHECK(observer.exits.size() == 1);
}

TEST_CASE_METHOD(Fixture, "a wedged domain's calls hang; reads and other domains' calls do not") {
  REQUIRE(driver.Start(key, spec, false).ok());
  REQUIRE(driver.SetWedge("web1", true).ok());
  auto suspend = std::async(std::launch::async, [&] { return driver.Suspend(key); });
  AwaitWaiting("web1", 1);
  CHECK(driver.Sample(key).ok());
  CHECK(driver.Validate(spec).ok());
  CHECK(driver.OpenConsole(key, {}, {}).ok());
  CHECK(driver.Start({.name = "web2", .uid = "u2", .run = 1}, spec, false).ok());
  CHECK(suspend.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
  CHECK(driver.SetWedge("web1", false).ok());
  CHECK(suspend.get().ok());
}

TEST_CASE_METHOD(Fixture, "every changing call can hang") {
  const std::vector<std::function<void()>> calls = {[&] { (void)driver.Start(key, spec, false); },
                                                    [&] { (void)driver.Shutdown(key, {}); },
                                                    [&] { (void)driver.Reboot(key, {}); },
                                                    [&] { (void)driver.Destroy(key); },
                                                    [&] { (void)driver.Suspend(key); },
                                                    [&] { (void)driver.Resume(key); }};
  for (const auto& call : calls) {
    auto hanging = std::async(std::launch::async, call);
    AwaitWaiting("web1", 1);
    REQUIRE(driver.SetWedge("web1", false).ok());
    hanging.get();
  }
}

TEST_CASE_METHOD(Fixture, "a save reports how far it is and ends the guest") {
  REQUIRE(driver.Start(key, spec, false).ok());
  NoProgress progress;
  CHECK(driver.Save(key, &progress).ok());
  CHECK(progress.percents == std::vector<uint32_t>{0, 25, 50, 75, 100});
  CHECK(observer.exits.empty());
  CHECK(Reason(driver.Sample(key).status()) == v1::REASON_DOMAIN_STATE);
}

TEST_CASE_METHOD(Fixture, "a save that hangs can be cancelled, and leaves the guest running") {
  REQUIRE(driver.Start(key, spec, false).ok());
  REQUIRE(driver.SetWedge("web1", true).ok());
  NoProgress progress;
  auto save = std::async(std::launch::async, [&] { return driver.Save(key, &progress); });
  AwaitWaiting("web1", 1);
  progress.cancelled = true;
  CHECK(Reason(save.get()) == v1::REASON_OPERATION_CANCELLED);
  CHECK(driver.Sample(key).ok());
  CHECK(progress.percents.back() == 50);
}

TEST_CASE_METHOD(Fixture, "a guest that ends while it is saved makes the save fail") {
  REQUIRE(driver.Start(key, spec, false).ok());
  REQUIRE(driver.SetWedge("web1", true).ok());
  NoProgress progress;
  auto save = std::async(std::launch::async, [&] { return driver.Save(key, &progress); });
  AwaitWaiting("web1", 1);
  CHECK(driver.EndGuest("web1", v1::EndGuestRequest::HOW_CRASH).ok());
  driver.ReleaseAll();
  CHECK(Reason(save.get()) == v1::REASON_DOMAIN_STATE);
  CHECK(observer.exits.size() == 1);
}

TEST_CASE_METHOD(Fixture, "usage grows while the guest runs, and stands still while it is suspended") {
  spec.set_memory_kib(4096);
  REQUIRE(driver.Start(key, spec, false).ok());
  clock.Advance(absl::Seconds(10));
  CHECK(driver.Sample(key)->cpu_time_ns() == 100'000'000);
  CHECK(driver.Sample(key)->memory_limit_bytes() == 4096 * 1024);
  CHECK(driver.Sample(key)->memory_bytes() < 4096 * 1024);
  REQUIRE(driver.Suspend(key).ok());
  clock.Advance(absl::Seconds(10));
  CHECK(driver.Sample(key)->cpu_time_ns() == 100'000'000);
  REQUIRE(driver.Resume(key).ok());
  clock.Advance(absl::Seconds(10));
  CHECK(driver.Sample(key)->cpu_time_ns() == 200'000'000);
  clock.SetWallClock(clock.Now() - absl::Hours(24));
  CHECK(driver.Sample(key)->cpu_time_ns() == 100'000'000);
}

TEST_CASE_METHOD(Fixture, "it has the consoles of its specification, at least one") {
  REQUIRE(driver.Start(key, spec, false).ok());
  CHECK(driver.OpenConsole(key, {.console = 0}, {}).ok());
  CHECK(Reason(driver.OpenConsole(key, {.console = 1}, {}).status()) == v1::REASON_CONSOLE_NOT_FOUND);
  REQUIRE(driver.Destroy(key).ok());
  spec.mutable_devices()->add_consoles();
  spec.mutable_devices()->add_consoles();
  REQUIRE(driver.Start(key, spec, false).ok());
  CHECK(driver.OpenConsole(key, {.console = 1}, {}).ok());
}

TEST_CASE_METHOD(Fixture, "a console shows the banner and why it closes") {
  std::promise<std::string> shown, closed;
  REQUIRE(driver.Start(key, spec, false).ok());
  const auto console =
      driver.OpenConsole(key, {},
                         {.on_output = [&](absl::string_view bytes, uint64_t) { shown.set_value(std::string(bytes)); },
                          .on_closed = [&](const std::string& reason) { closed.set_value(reason); }});
  REQUIRE(console.ok());
  CHECK(shown.get_future().get() == "Reeve test guest web1, console 0\r\n");
  REQUIRE(driver.Destroy(key).ok());
  CHECK(closed.get_future().get() == "the domain was destroyed");
}

TEST_CASE_METHOD(Fixture, "hardware addresses are filled in, stable and different") {
  for (int i = 0; i < 3; ++i) spec.mutable_devices()->add_interfaces();
  spec.mutable_devices()->mutable_interfaces(2)->set_mac_address("52:54:00:00:00:01");
  REQUIRE(driver.Complete(key, &spec).ok());
  const auto& interfaces = spec.devices().interfaces();
  CHECK(interfaces[0].mac_address().substr(0, 9) == "52:54:00:");
  CHECK(interfaces[0].mac_address().size() == 17);
  CHECK(interfaces[0].mac_address() != interfaces[1].mac_address());
  CHECK(interfaces[2].mac_address() == "52:54:00:00:00:01");
  v1::DomainSpec again;
  again.mutable_devices()->add_interfaces();
  REQUIRE(driver.Complete(key, &again).ok());
  CHECK(again.devices().interfaces(0).mac_address() == interfaces[0].mac_address());
}

TEST_CASE_METHOD(Fixture, "guests of an earlier daemon have vanished") {
  const auto recovered = driver.Recover({{.key = key, .spec = spec}}, &observer);
  REQUIRE(recovered.size() == 1);
  CHECK(recovered[0].key.uid == key.uid);
  CHECK_FALSE(recovered[0].running.has_value());
  REQUIRE(recovered[0].ended.has_value());
  CHECK(recovered[0].ended->detail == v1::EVENT_DETAIL_STOPPED_VANISHED);
  CHECK(recovered[0].ended->reason == v1::DOMAIN_STATE_REASON_VANISHED);
}

}  // namespace
}  // namespace reeve::test_driver

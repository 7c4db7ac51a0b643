// What other toolstacks do beside the driver, on a fake of Xen: told of once, and as it was.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "drivers/xen/test_host.h"
#include "proto/status.h"

namespace reeve::xen {
namespace {

TEST_CASE("What others do is told as it happens") {
  Host host;
  const uint32_t other = host.xen.CreateBehind("other", "11111111-2222-4333-8444-555555555555");
  CHECK(host.recorder.Next() == "other found as 1 kernel /boot/of-1");
  host.xen.PauseBehind(other, true);
  CHECK(host.recorder.Next() == "other is paused as 1");
  host.xen.DestroyBehind(other);
  CHECK(host.recorder.Next() == "other EVENT_DETAIL_STOPPED_DESTROYED EVENT_CAUSE_EXTERNAL");

  const uint32_t own = host.Start(host.Spec());
  host.xen.DestroyBehind(own);
  CHECK(host.recorder.Next() == "web1 EVENT_DETAIL_STOPPED_DESTROYED EVENT_CAUSE_EXTERNAL");
  CHECK(host.recorder.unread() == 0);
}

// A list of the hypervisor's is old when it is read: each case puts something between the two.
TEST_CASE("What happens while the hypervisor lists its domains is told once, and rightly") {
  Host host;
  // Two domains that come one after the other: the second is reported when the look at the first is over.
  const auto nothing_else_is_told = [&host] {
    host.xen.LookAgain();
    for (const char* uid : {"11111111-2222-4333-8444-555555555555", "21111111-2222-4333-8444-555555555555"}) {
      const uint32_t marker = host.xen.CreateBehind("marker", uid);
      CHECK(host.recorder.Next() == absl::StrCat("marker found as ", marker, " kernel /boot/of-", marker));
    }
    CHECK(host.recorder.unread() == 0);
  };

  SECTION("a restart that begins with a look") {
    const uint32_t domid = host.Start(host.Spec());
    host.xen.StopUnheard(domid, StopReason::kReboot);
    host.xen.LookAgain();
    CHECK(host.recorder.Next() == absl::StrCat("web1 rebooted as ", domid + 1));
    nothing_else_is_told();
  }
  SECTION("a stop that is seen by a look and told by an event") {
    const uint32_t domid = host.Start(host.Spec());
    host.xen.During("List", [&] { host.xen.Stop(domid, StopReason::kReboot); });
    host.xen.StopUnheard(domid, StopReason::kReboot);
    host.xen.LookAgain();
    CHECK(host.recorder.Next() == absl::StrCat("web1 rebooted as ", domid + 1));
    nothing_else_is_told();
  }
  SECTION("a start") {
    host.xen.During("List", [&] { host.Start(host.Spec()); });
    nothing_else_is_told();
  }
  SECTION("an end and another start") {
    host.Start(host.Spec());
    host.xen.During("List", [&] {
      CHECK(host.driver->Destroy(host.key).ok());
      host.Start(host.Spec());
    });
    nothing_else_is_told();
  }
  SECTION("an end") {
    host.Start(host.Spec());
    host.xen.During("List", [&] { CHECK(host.driver->Destroy(host.key).ok()); });
    nothing_else_is_told();
    CHECK(ReasonOf(host.driver->Destroy(host.key).status()) == v1::REASON_DOMAIN_STATE);
  }
  SECTION("a pause of ours") {
    host.Start(host.Spec());
    host.xen.During("List", [&] { CHECK(host.driver->Suspend(host.key).ok()); });
    nothing_else_is_told();
  }
  SECTION("a domain of another that is gone again") {
    const uint32_t other = host.xen.CreateBehind("other", "31111111-2222-4333-8444-555555555555");
    CHECK(host.recorder.Next() == absl::StrCat("other found as ", other, " kernel /boot/of-", other));
    host.xen.DestroyBehind(other);
    CHECK(host.recorder.Next() == "other EVENT_DETAIL_STOPPED_DESTROYED EVENT_CAUSE_EXTERNAL");
    nothing_else_is_told();
  }
}

TEST_CASE("That a guest is paused while it is destroyed is nothing to tell") {
  Host host;
  host.Start(host.Spec());
  host.xen.During("Destroying", [&] {
    for (const char* uid : {"11111111-2222-4333-8444-555555555555", "21111111-2222-4333-8444-555555555555"}) {
      const uint32_t marker = host.xen.CreateBehind("marker", uid);
      CHECK(host.recorder.Next() == absl::StrCat("marker found as ", marker, " kernel /boot/of-", marker));
    }
  });
  CHECK(host.driver->Destroy(host.key).ok());
  CHECK(host.recorder.unread() == 0);
}

TEST_CASE("A guest that is being made anew cannot be ended, and its new machine is not forgotten") {
  Host host;
  host.patience = absl::ZeroDuration();
  host.Restart();
  host.driver->Recover({}, &host.recorder);
  const uint32_t domid = host.Start(host.Spec());
  host.xen.During("Create",
                  [&] { CHECK(ReasonOf(host.driver->Destroy(host.key).status()) == v1::REASON_DOMAIN_BUSY); });
  host.xen.Stop(domid, StopReason::kReboot);
  CHECK(host.recorder.Next() == absl::StrCat("web1 rebooted as ", domid + 1));
  CHECK(host.driver->Destroy(host.key).ok());
  CHECK(host.xen.domids() == std::vector<uint32_t>{0});
}

TEST_CASE("A second domain with the UUID of a known one is not taken for it") {
  Host host;
  host.Start(host.Spec());
  const uint32_t twin = host.xen.CreateBehind("twin", kUid);
  const uint32_t marker = host.xen.CreateBehind("marker", "11111111-2222-4333-8444-555555555555");
  CHECK(host.recorder.Next() == absl::StrCat("marker found as ", marker, " kernel /boot/of-", marker));
  CHECK(host.recorder.unread() == 0);
  CHECK(host.driver->Destroy(host.key).ok());
  host.xen.LookAgain();
  CHECK(host.recorder.Next() == absl::StrCat("twin found as ", twin, " kernel /boot/of-", twin));
}

TEST_CASE("A guest of another toolstack that has stopped and is kept does not run") {
  Host host;
  const uint32_t other = host.xen.CreateBehind("other", "11111111-2222-4333-8444-555555555555");
  CHECK(host.recorder.Next() == "other found as 1 kernel /boot/of-1");
  const bool crash = GENERATE(true, false);
  host.xen.Stop(other, crash ? StopReason::kCrash : StopReason::kPowerOff);
  CHECK(host.recorder.Next() == (crash ? "other is DOMAIN_STATE_CRASHED as 1" : "other is DOMAIN_STATE_SHUTDOWN as 1"));
  CHECK(host.xen.domids() == std::vector<uint32_t>{0, other});  // it is left to who made it
  SECTION("its toolstack removes it") {
    host.xen.DestroyBehind(other);
    CHECK(host.recorder.Next() == "other EVENT_DETAIL_STOPPED_DESTROYED EVENT_CAUSE_EXTERNAL");
  }
  SECTION("or we are asked to") {
    const drivers::DomainKey key{.name = "other", .uid = "11111111-2222-4333-8444-555555555555", .run = 0};
    CHECK(host.driver->Destroy(key).ok());
    CHECK(host.xen.domids() == std::vector<uint32_t>{0});
  }
}

TEST_CASE("A domain that another toolstack still works on is told of when it is ready") {
  Host host;
  const uint32_t other = host.xen.BeginBehind("other", "11111111-2222-4333-8444-555555555555");
  const uint32_t second = host.xen.CreateBehind("second", "21111111-2222-4333-8444-555555555555");
  CHECK(host.recorder.Next() == absl::StrCat("second found as ", second, " kernel /boot/of-", second));
  CHECK(host.recorder.unread() == 0);
  host.xen.FinishBehind(other);
  CHECK(host.recorder.Next() == absl::StrCat("other found as ", other, " kernel /boot/of-", other));
}

TEST_CASE("A guest that another toolstack saves is left to it") {
  Host host;
  const uint32_t domid = host.Start(host.Spec());
  host.xen.Stop(domid, StopReason::kSuspend);
  CHECK(host.xen.domids() == std::vector<uint32_t>{0, domid});
  host.xen.DestroyBehind(domid);
  CHECK(host.recorder.Next() == "web1 EVENT_DETAIL_STOPPED_DESTROYED EVENT_CAUSE_EXTERNAL");
  const std::vector<std::string> calls = host.xen.calls();
  CHECK(std::count(calls.begin(), calls.end(), "Destroy") == 0);
}

}  // namespace
}  // namespace reeve::xen

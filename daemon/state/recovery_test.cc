#include <catch2/catch.hpp>

#include "daemon/state/fixture.h"

namespace reeve::state {

TEST_CASE_METHOD(Fixture, "a guest found again as it was is no event") {
  Open();
  REQUIRE(Create("web1").ok());
  const auto started = Start("web1");
  Reopen();
  CHECK(Get("web1")->SerializeAsString() == started->SerializeAsString());
  CHECK(manager->Summary().revision == 2);
}

TEST_CASE_METHOD(Fixture, "a guest that ended meanwhile is told with its true time and cause") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  Close();
  driver->ForgetGuests();
  drivers::GuestExit exit;
  exit.reason = v1::DOMAIN_STATE_REASON_CRASHED;
  exit.detail = v1::EVENT_DETAIL_STOPPED_CRASHED;
  exit.cause = v1::EVENT_CAUSE_EXTERNAL;
  exit.status.set_signal(9);
  exit.status.mutable_time()->set_seconds(1700000500);
  driver->ended["web1"] = exit;
  Open();
  const v1::Event event = LastEvent();
  CHECK(event.detail() == v1::EVENT_DETAIL_STOPPED_CRASHED);
  CHECK(event.cause() == v1::EVENT_CAUSE_EXTERNAL);
  CHECK(event.time().seconds() == 1700000500);
  CHECK(Get("web1")->status().last_exit().signal() == 9);
}

TEST_CASE_METHOD(Fixture,
                 "a guest that vanished is told so, with a restart of the host as its cause where there was one") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  REQUIRE(Create("job", /*transient=*/true).ok());
  Close();
  driver->ForgetGuests();
  options.boot_id = "boot-2";
  Open();
  CHECK(Get("web1")->status().reason() == v1::DOMAIN_STATE_REASON_VANISHED);
  CHECK(Get("web1")->status().message() == "the host was restarted");
  CHECK(ReasonOf(Get("job").status()) == v1::REASON_DOMAIN_NOT_FOUND);
  CHECK(LastEvent().detail() == v1::EVENT_DETAIL_STOPPED_VANISHED);
  CHECK(manager->Summary().revision == 5);
  Reopen();
  CHECK(manager->Summary().revision == 5);
}

TEST_CASE_METHOD(Fixture, "guests that nobody knows are adopted: of a defined domain as its run, others as transient") {
  Open();
  const std::string uid = Create("web1")->uid();
  Close();
  driver->AddGuest({"web1", uid, 7});
  driver->AddGuest({"stray", "99999999-2222-4333-8444-555555555555", 3});
  driver->AddGuest({"../evil", "99999999-2222-4333-8444-555555555556", 3});
  driver->AddGuest({"web1", "99999999-2222-4333-8444-555555555557", 3});
  Open();
  const auto web1 = Get("web1");
  CHECK(web1->status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(web1->status().reason() == v1::DOMAIN_STATE_REASON_ADOPTED);
  CHECK(web1->status().run() == 7);
  CHECK(web1->status().persistent());
  CHECK(web1->uid() == uid);
  const auto stray = Get("stray");
  REQUIRE(stray.ok());
  CHECK_FALSE(stray->status().persistent());
  const v1::Event event = LastEvent();
  CHECK(event.detail() == v1::EVENT_DETAIL_STARTED_ADOPTED);
  CHECK(event.cause() == v1::EVENT_CAUSE_DAEMON);
  CHECK(manager->Summary().revision == 3);
}

TEST_CASE_METHOD(Fixture, "a suspend that was not stored before the daemon ended is found out") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  Close();
  driver->SetPaused("web1", true);
  Open();
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_PAUSED);
  CHECK(LastEvent().cause() == v1::EVENT_CAUSE_DAEMON);
}

TEST_CASE_METHOD(Fixture, "a report made during the recovery is neither lost nor early") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  Close();
  const drivers::DomainKey key = driver->KeyOf("web1");
  driver->on_recover = [key](drivers::GuestObserver* observer) { observer->OnExit(key, {}); };
  Open();
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_SHUTOFF);
  CHECK(LastEvent().detail() == v1::EVENT_DETAIL_STOPPED_SHUTDOWN);
}

TEST_CASE_METHOD(Fixture, "autostart: once per boot, on behalf of the daemon; what fails is an event") {
  Open();
  for (const char* name : {"a", "b", "off"}) REQUIRE(Create(name).ok());
  REQUIRE(SetAutostart("a", true).ok());
  REQUIRE(SetAutostart("b", true).ok());
  driver->FailStart("b", absl::InternalError("no"));
  CHECK(*manager->Autostart() == 2);
  Settle("a");
  Settle("b");
  CHECK(Get("a")->status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(Get("b")->status().reason() == v1::DOMAIN_STATE_REASON_FAILED);
  CHECK(Get("off")->status().reason() == v1::DOMAIN_STATE_REASON_DEFINED);
  for (const v1::WatchResponse& message : Replay(6)) CHECK(message.events(0).cause() == v1::EVENT_CAUSE_DAEMON);
  REQUIRE(Verb(&ManagerImpl::DestroyDomain, "a").ok());
  Reopen();
  CHECK(*manager->Autostart() == 0);
  Close();
  options.boot_id = "boot-2";
  Open();
  CHECK(*manager->Autostart() == 2);
}

}  // namespace reeve::state

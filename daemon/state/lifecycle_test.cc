#include <catch2/catch.hpp>

#include "daemon/state/fixture.h"
#include "google/rpc/error_details.pb.h"

namespace reeve::state {
namespace {

drivers::GuestExit Exit(v1::DomainStateReason reason, v1::EventDetail detail, v1::EventCause cause) {
  drivers::GuestExit exit;
  exit.reason = reason;
  exit.detail = detail;
  exit.cause = cause;
  exit.status.set_code(3);
  exit.status.mutable_time()->set_seconds(1700000123);
  exit.message = "init ended with code 3";
  return exit;
}

}  // namespace

TEST_CASE_METHOD(Fixture, "a start gives the domain its run, id and reason, and one event on behalf of the caller") {
  Open();
  REQUIRE(Create("web1").ok());
  const auto started = Start("web1");
  REQUIRE(started.ok());
  CHECK(started->status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(started->status().reason() == v1::DOMAIN_STATE_REASON_BOOTED);
  CHECK(started->status().id() == 1001);
  CHECK(started->status().run() == 1);
  CHECK(started->status().has_start_time());
  const v1::Event event = LastEvent();
  CHECK(event.type() == v1::EVENT_TYPE_STARTED);
  CHECK(event.detail() == v1::EVENT_DETAIL_STARTED_BOOTED);
  CHECK(event.cause() == v1::EVENT_CAUSE_USER);
  CHECK(event.requestor() == "unix:alice(1000)");
  CHECK(event.previous_state() == v1::DOMAIN_STATE_SHUTOFF);
  CHECK(event.domain().revision() == started->revision());
  CHECK(started->etag() != "");
}

TEST_CASE_METHOD(Fixture, "a start of a running domain is refused with its state") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  const absl::Status status = Start("web1").status();
  CHECK(ReasonOf(status) == v1::REASON_DOMAIN_STATE);
  CHECK(std::string(status.message()) == "start hypervisors/test/domains/web1: the domain is running");
  google::rpc::PreconditionFailure failure;
  const auto payload = status.GetPayload("type.googleapis.com/google.rpc.PreconditionFailure");
  REQUIRE(payload.has_value());
  REQUIRE(failure.ParseFromString(std::string(*payload)));
  CHECK(failure.violations(0).description() == "is running");
}

TEST_CASE_METHOD(Fixture, "verbs are refused in states that do not fit") {
  Open();
  REQUIRE(Create("web1").ok());
  for (auto verb : {&ManagerImpl::ShutdownDomain, &ManagerImpl::RebootDomain, &ManagerImpl::DestroyDomain,
                    &ManagerImpl::SuspendDomain, &ManagerImpl::ResumeDomain}) {
    CHECK(ReasonOf(Verb(verb, "web1").status()) == v1::REASON_DOMAIN_STATE);
  }
  REQUIRE(Start("web1").ok());
  CHECK(ReasonOf(Verb(&ManagerImpl::ResumeDomain, "web1").status()) == v1::REASON_DOMAIN_STATE);
  REQUIRE(Verb(&ManagerImpl::SuspendDomain, "web1").ok());
  const absl::Status paused = Verb(&ManagerImpl::SuspendDomain, "web1").status();
  CHECK(ReasonOf(paused) == v1::REASON_DOMAIN_STATE);
  CHECK(std::string(paused.message()).find("is paused") != std::string::npos);
  CHECK(ReasonOf(Verb(&ManagerImpl::ShutdownDomain, "web1").status()) == v1::REASON_DOMAIN_STATE);
  CHECK(ReasonOf(Verb(&ManagerImpl::DestroyDomain, "none").status()) == v1::REASON_DOMAIN_NOT_FOUND);
}

TEST_CASE_METHOD(Fixture, "a failed start names its step, is an event, and leaves the domain off") {
  Open();
  REQUIRE(Create("web1").ok());
  driver->FailStart("web1", absl::NotFoundError("mount /srv/web1: no such directory"));
  const absl::Status status = Start("web1").status();
  CHECK(ReasonOf(status) == v1::REASON_START_FAILED);
  CHECK(std::string(status.message()) == "start hypervisors/test/domains/web1: mount /srv/web1: no such directory");
  const auto domain = Get("web1");
  CHECK(domain->status().state() == v1::DOMAIN_STATE_SHUTOFF);
  CHECK(domain->status().reason() == v1::DOMAIN_STATE_REASON_FAILED);
  CHECK(domain->status().message() == "mount /srv/web1: no such directory");
  CHECK(LastEvent().detail() == v1::EVENT_DETAIL_CHANGED_START_FAILED);
  driver->FailStart("web1", absl::OkStatus());
  const auto started = Start("web1");
  REQUIRE(started.ok());
  CHECK(started->status().run() == 2);
  CHECK(started->status().message().empty());
}

TEST_CASE_METHOD(Fixture, "suspend, resume, shutdown and destroy change state and are told") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1", /*paused=*/true)->status().state() == v1::DOMAIN_STATE_PAUSED);
  CHECK(Verb(&ManagerImpl::ResumeDomain, "web1")->status().reason() == v1::DOMAIN_STATE_REASON_UNPAUSED);
  CHECK(LastEvent().detail() == v1::EVENT_DETAIL_RESUMED_UNPAUSED);
  CHECK(Verb(&ManagerImpl::SuspendDomain, "web1")->status().reason() == v1::DOMAIN_STATE_REASON_USER);
  CHECK(LastEvent().detail() == v1::EVENT_DETAIL_SUSPENDED_PAUSED);
  REQUIRE(Verb(&ManagerImpl::ResumeDomain, "web1").ok());
  CHECK(Verb(&ManagerImpl::ShutdownDomain, "web1")->status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(LastEvent().detail() == v1::EVENT_DETAIL_SHUTDOWN_REQUESTED);
  const auto destroyed = Verb(&ManagerImpl::DestroyDomain, "web1");
  REQUIRE(destroyed.ok());
  CHECK(destroyed->status().reason() == v1::DOMAIN_STATE_REASON_DESTROYED);
  CHECK(destroyed->status().id() == 0);
  CHECK_FALSE(destroyed->status().has_start_time());
  CHECK(destroyed->status().last_exit().signal() == 9);
  const v1::Event event = LastEvent();
  CHECK(event.detail() == v1::EVENT_DETAIL_STOPPED_DESTROYED);
  CHECK(event.cause() == v1::EVENT_CAUSE_USER);
  CHECK(event.requestor() == identity);
  CHECK(driver->guests() == 0);
}

TEST_CASE_METHOD(Fixture, "what a guest does by itself is told with detail, cause, true time and message") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  driver->End("web1", Exit(v1::DOMAIN_STATE_REASON_OUT_OF_MEMORY, v1::EVENT_DETAIL_STOPPED_OUT_OF_MEMORY,
                           v1::EVENT_CAUSE_OUT_OF_MEMORY));
  Settle("web1");
  const v1::Event event = LastEvent();
  CHECK(event.detail() == v1::EVENT_DETAIL_STOPPED_OUT_OF_MEMORY);
  CHECK(event.cause() == v1::EVENT_CAUSE_OUT_OF_MEMORY);
  CHECK(event.requestor().empty());
  CHECK(event.message() == "init ended with code 3");
  CHECK(event.time().seconds() == 1700000123);
  CHECK(event.previous_state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(Get("web1")->status().last_exit().code() == 3);
  CHECK(Get("web1")->status().reason() == v1::DOMAIN_STATE_REASON_OUT_OF_MEMORY);
}

TEST_CASE_METHOD(Fixture, "a late report of an earlier run changes nothing") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  drivers::DomainKey key = driver->KeyOf("web1");
  REQUIRE(Verb(&ManagerImpl::DestroyDomain, "web1").ok());
  REQUIRE(Start("web1").ok());
  const int64_t revision = manager->Summary().revision;
  driver->observer()->OnExit(
      key, Exit(v1::DOMAIN_STATE_REASON_CRASHED, v1::EVENT_DETAIL_STOPPED_CRASHED, v1::EVENT_CAUSE_CRASH));
  driver->observer()->OnReboot(key, {}, false);
  driver->observer()->OnState(key, {.id = Get("web1")->status().id(), .paused = true});
  Settle("web1");
  CHECK(manager->Summary().revision == revision);
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_RUNNING);
}

TEST_CASE_METHOD(Fixture,
                 "what others do to a guest that runs, and that it is kept when it has stopped, is told once") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  const drivers::DomainKey key = driver->KeyOf("web1");
  drivers::RunningGuest guest{.id = Get("web1")->status().id()};
  const auto told = [&](bool paused, v1::DomainState kept) {
    guest.paused = paused;
    guest.kept = kept;
    driver->observer()->OnState(key, guest);
    driver->observer()->OnState(key, guest);
    Settle("web1");
    return LastEvent();
  };
  const int64_t revision = manager->Summary().revision;
  CHECK(told(true, v1::DOMAIN_STATE_UNSPECIFIED).type() == v1::EVENT_TYPE_SUSPENDED);
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_PAUSED);
  CHECK(told(false, v1::DOMAIN_STATE_UNSPECIFIED).type() == v1::EVENT_TYPE_RESUMED);
  CHECK(LastEvent().cause() == v1::EVENT_CAUSE_EXTERNAL);
  CHECK(told(false, v1::DOMAIN_STATE_CRASHED).type() == v1::EVENT_TYPE_CRASHED);
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_CRASHED);
  CHECK(Get("web1")->status().reason() == v1::DOMAIN_STATE_REASON_CRASHED);
  CHECK(manager->Summary().revision == revision + 3);
  CHECK(ReasonOf(Verb(&ManagerImpl::SuspendDomain, "web1").status()) == v1::REASON_DOMAIN_STATE);

  // A guest under another id is another guest.
  guest.id += 1;
  CHECK(told(true, v1::DOMAIN_STATE_UNSPECIFIED).type() == v1::EVENT_TYPE_CRASHED);
  REQUIRE(Verb(&ManagerImpl::DestroyDomain, "web1").ok());
  guest.id -= 1;
  CHECK(told(true, v1::DOMAIN_STATE_UNSPECIFIED).type() == v1::EVENT_TYPE_STOPPED);
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_SHUTOFF);
}

TEST_CASE_METHOD(Fixture, "an ending reported before the start has returned is told after it") {
  Open();
  REQUIRE(Create("web1").ok());
  driver->step = [this](const std::string& step) {
    if (step != "started web1") return;
    driver->observer()->OnExit(driver->KeyOf("web1"), Exit(v1::DOMAIN_STATE_REASON_CRASHED,
                                                           v1::EVENT_DETAIL_STOPPED_CRASHED, v1::EVENT_CAUSE_CRASH));
  };
  REQUIRE(Start("web1").ok());
  Settle("web1");
  const auto events = Replay(2);
  REQUIRE(events.size() == 2);
  CHECK(events[0].events(0).type() == v1::EVENT_TYPE_STARTED);
  CHECK(events[1].events(0).type() == v1::EVENT_TYPE_STOPPED);
}

TEST_CASE_METHOD(Fixture, "a reboot is told when it happens, and on whose behalf") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  const int64_t before = manager->Summary().revision;
  REQUIRE(Verb(&ManagerImpl::RebootDomain, "web1").ok());
  CHECK(manager->Summary().revision == before);
  driver->Restart("web1", true);
  Settle("web1");
  v1::Event event = LastEvent();
  CHECK(event.detail() == v1::EVENT_DETAIL_REBOOTED_REQUESTED);
  CHECK(event.cause() == v1::EVENT_CAUSE_USER);
  CHECK(event.requestor() == identity);
  CHECK(Get("web1")->status().run() == 1);
  CHECK(Get("web1")->status().id() == 2001);
  driver->Restart("web1", false);
  Settle("web1");
  event = LastEvent();
  CHECK(event.detail() == v1::EVENT_DETAIL_REBOOTED_GUEST);
  CHECK(event.cause() == v1::EVENT_CAUSE_GUEST);
  CHECK(event.requestor().empty());
}

TEST_CASE_METHOD(Fixture, "a transient domain is started at once and gone when it ends, in one revision") {
  Open();
  REQUIRE(Create("job", /*transient=*/true)->status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(LastEvent().type() == v1::EVENT_TYPE_STARTED);
  CHECK(manager->Summary().revision == 1);
  CHECK(ReasonOf(Delete("job")) == v1::REASON_DOMAIN_TRANSIENT);
  CHECK(ReasonOf(SetAutostart("job", true).status()) == v1::REASON_DOMAIN_TRANSIENT);
  driver->End("job", Exit(v1::DOMAIN_STATE_REASON_SHUTDOWN, v1::EVENT_DETAIL_STOPPED_SHUTDOWN, v1::EVENT_CAUSE_GUEST));
  Settle("job");
  CHECK(ReasonOf(Get("job").status()) == v1::REASON_DOMAIN_NOT_FOUND);
  CHECK(manager->Summary().revision == 2);
  const v1::Event event = LastEvent();
  CHECK(event.type() == v1::EVENT_TYPE_STOPPED);
  CHECK_FALSE(event.domain().status().persistent());
  driver->FailStart("job", absl::InternalError("no"));
  CHECK(ReasonOf(Create("job", true).status()) == v1::REASON_START_FAILED);
  CHECK(manager->Summary().revision == 2);
}

TEST_CASE_METHOD(Fixture, "reads, and changes of other domains, do not wait for a wedged one; the queue is bounded") {
  Open();
  REQUIRE(Create("stuck").ok());
  REQUIRE(Create("other").ok());
  driver->Wedge("stuck", true);
  v1::StartDomainRequest request;
  request.set_name(Name("stuck"));
  auto hanging = Begin<v1::Domain>(&ManagerImpl::StartDomain, request);
  driver->AwaitWedged(1);
  CHECK(Get("stuck")->status().state() == v1::DOMAIN_STATE_SHUTOFF);
  v1::ListDomainsRequest list;
  list.set_parent("hypervisors/-");
  list.set_view(v1::DOMAIN_VIEW_STATS);
  CHECK(List(list).domains_size() == 2);
  CHECK(Start("other").ok());
  std::vector<std::future<absl::StatusOr<v1::Domain>>> waiting;
  for (int i = 0; i < 16; ++i) waiting.push_back(Begin<v1::Domain>(&ManagerImpl::StartDomain, request));
  const absl::Status busy = Call<v1::Domain>(&ManagerImpl::StartDomain, request).status();
  CHECK(ReasonOf(busy) == v1::REASON_DOMAIN_BUSY);
  const absl::Status drained = manager->Drain(absl::Milliseconds(1));
  CHECK(drained.code() == absl::StatusCode::kDeadlineExceeded);
  CHECK(std::string(drained.message()).find("domains/stuck") != std::string::npos);
  CHECK(ReasonOf(Start("other").status()) == v1::REASON_DAEMON_DRAINING);
  driver->Wedge("stuck", false);
  CHECK(hanging.get().ok());
  for (auto& call : waiting) CHECK(ReasonOf(call.get().status()) == v1::REASON_DOMAIN_STATE);
  CHECK(manager->Drain(absl::InfiniteDuration()).ok());
}

TEST_CASE_METHOD(Fixture, "a driver's failure on a running guest leaves it as it was") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  driver->SetFailure("suspend web1", absl::InternalError("freeze: timed out"));
  const absl::Status status = Verb(&ManagerImpl::SuspendDomain, "web1").status();
  CHECK(ReasonOf(status) == v1::REASON_DRIVER_FAILED);
  CHECK(std::string(status.message()) == "suspend hypervisors/test/domains/web1: freeze: timed out");
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_RUNNING);
}

TEST_CASE_METHOD(Fixture, "an unavailable hypervisor refuses what it would have to run, and tells why") {
  Open();
  REQUIRE(Create("web1").ok());
  driver->SetAvailable(false);
  CHECK(ReasonOf(Start("web1").status()) == v1::REASON_HYPERVISOR_UNAVAILABLE);
  CHECK(ReasonOf(Create("web2").status()) == v1::REASON_HYPERVISOR_UNAVAILABLE);
  CHECK(Delete("web1").ok());
}

TEST_CASE_METHOD(Fixture, "a validating start checks and changes nothing") {
  Open();
  REQUIRE(Create("web1").ok());
  v1::StartDomainRequest request;
  request.set_name(Name("web1"));
  request.set_validate_only(true);
  CHECK(Call<v1::Domain>(&ManagerImpl::StartDomain, request).ok());
  driver->SetFailure("preflight web1", absl::NotFoundError("/sbin/init is missing"));
  CHECK(ReasonOf(Call<v1::Domain>(&ManagerImpl::StartDomain, request).status()) == v1::REASON_START_FAILED);
  CHECK(manager->Summary().revision == 1);
  CHECK(driver->guests() == 0);
}

}  // namespace reeve::state

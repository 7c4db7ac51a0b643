#include <catch2/catch.hpp>

#include "daemon/state/fixture.h"

namespace reeve::state {
namespace {

struct Saving : Fixture {
  absl::StatusOr<v1::Operation> Save(const std::string& name) {
    return Call<v1::Operation>(&ManagerImpl::SaveDomain, VerbRequest(name));
  }
  std::future<absl::StatusOr<v1::Operation>> Wait(const std::string& name, int64_t seconds) {
    v1::WaitOperationRequest request;
    request.set_name(name);
    request.mutable_timeout()->set_seconds(seconds);
    auto promise = std::make_shared<std::promise<absl::StatusOr<v1::Operation>>>();
    manager->WaitOperation(Caller(), request, [promise](absl::StatusOr<v1::Operation> operation) {
      promise->set_value(std::move(operation));
    });
    return promise->get_future();
  }
};

}  // namespace

TEST_CASE_METHOD(Saving, "save is an operation that is waited for; the next start restores") {
  Open();
  REQUIRE(Create("web1").ok());
  CHECK(ReasonOf(Save("web1").status()) == v1::REASON_DOMAIN_STATE);
  REQUIRE(Start("web1").ok());
  driver->Wedge("web1", true);
  const auto operation = Save("web1");
  REQUIRE(operation.ok());
  CHECK(operation->verb() == "domain.save");
  CHECK_FALSE(operation->done());
  driver->AwaitWedged(1);
  CHECK(manager->GetOperation(Caller(), operation->name())->phase() == "writing");
  auto timed_out = Wait(operation->name(), 5);
  auto ended = Wait(operation->name(), 3600);
  timers.Advance(absl::Seconds(6));
  CHECK_FALSE(timed_out.get()->done());
  driver->Wedge("web1", false);
  const auto done = ended.get();
  CHECK(done->done());
  CHECK_FALSE(done->has_error());
  CHECK(LastEvent().detail() == v1::EVENT_DETAIL_STOPPED_SAVED);
  CHECK(LastEvent().operation() == operation->name());
  CHECK(Get("web1")->status().managed_save());
  CHECK(ReasonOf(manager->CancelOperation(Caller(), operation->name()).status()) ==
        v1::REASON_OPERATION_NOT_CANCELLABLE);
  const auto restored = Start("web1");
  CHECK(restored->status().reason() == v1::DOMAIN_STATE_REASON_RESTORED);
  CHECK_FALSE(restored->status().managed_save());
}

TEST_CASE_METHOD(Saving, "a cancelled operation leaves the guest running") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  driver->Wedge("web1", true);
  const std::string name = Save("web1")->name();
  driver->AwaitWedged(1);
  REQUIRE(manager->CancelOperation(Caller(), name).ok());
  driver->Wedge("web1", false);
  const auto ended = Wait(name, 3600).get();
  CHECK(ReasonOf(FromRpcStatus(ended->error())) == v1::REASON_OPERATION_CANCELLED);
  CHECK(Get("web1")->status().state() == v1::DOMAIN_STATE_RUNNING);
}

TEST_CASE_METHOD(Saving, "operations are listed newest first, and bad waits are refused") {
  Open();
  REQUIRE(Create("web1").ok());
  REQUIRE(Start("web1").ok());
  driver->SetFailure("save web1", Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "it cannot save"));
  const std::string first = Save("web1")->name();
  const auto failed = Wait(first, 3600).get();
  CHECK(ReasonOf(FromRpcStatus(failed->error())) == v1::REASON_UNSUPPORTED_BY_DRIVER);
  const std::string second = Save("web1")->name();
  REQUIRE(Wait(second, 3600).get().ok());
  const auto list = manager->ListOperations(Caller(), {});
  REQUIRE(list.operations_size() == 2);
  CHECK(list.operations(0).name() == second);
  CHECK(ReasonOf(Wait("operations/99", 1).get().status()) == v1::REASON_OPERATION_NOT_FOUND);
  CHECK(ReasonOf(Wait("operations/-1", 1).get().status()) == v1::REASON_OPERATION_NOT_FOUND);
  CHECK(ReasonOf(Wait(first, 3601).get().status()) == v1::REASON_REQUEST_INVALID);
  CHECK(ReasonOf(Wait(first, -1).get().status()) == v1::REASON_REQUEST_INVALID);
  Reopen();
  CHECK(manager->ListOperations(Caller(), {}).operations_size() == 2);
  clock.Advance(absl::Hours(25));
  REQUIRE(manager->Compact().ok());
  CHECK(manager->ListOperations(Caller(), {}).operations_size() == 0);
}

}  // namespace reeve::state

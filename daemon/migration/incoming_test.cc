// The destination's half: what ends how, whoever comes first.
#include "daemon/migration/incoming.h"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>
#include <vector>

#include "proto/status.h"

namespace reeve::migration {
namespace {

bool Never() {
  return false;
}

struct Arrival {
  Arrival() {
    auto made = Incoming::Create({.answer = [this](const v1::MigrationAnswer& answer) { answers.push_back(answer); },
                                  .fail = [this](const absl::Status& status) { failure = status; }});
    REQUIRE(made.ok());
    incoming = *made;
  }
  std::shared_ptr<Incoming> incoming;
  std::vector<v1::MigrationAnswer> answers;
  absl::Status failure;
};

TEST_CASE("A guest that comes in is restored, handed over and decided, and the source is told each") {
  Arrival arrival;
  Incoming& incoming = *arrival.incoming;
  incoming.Accept();
  REQUIRE(incoming.Memory("memory").ok());
  REQUIRE(incoming.MemoryEnd().ok());
  char bytes[16];
  REQUIRE(read(incoming.descriptor(), bytes, sizeof bytes) == 6);
  REQUIRE(read(incoming.descriptor(), bytes, sizeof bytes) == 0);
  // Before it is restored.
  CHECK(ReasonOf(incoming.Go()) == v1::REASON_REQUEST_INVALID);
  absl::Status handed;
  std::thread job([&] {
    handed = incoming.AwaitGo(Never);
    incoming.Decide(handed.ok());
  });
  while (!incoming.Go().ok()) std::this_thread::yield();
  job.join();
  CHECK(handed.ok());
  CHECK(incoming.Settle(absl::ZeroDuration())->arrived());
  REQUIRE(arrival.answers.size() == 3);
  CHECK(arrival.answers[0].accepted());
  CHECK(arrival.answers[1].restored());
  CHECK(arrival.answers[2].running());
  // What comes behind changes nothing.
  incoming.Broken("late");
  CHECK(incoming.Settle(absl::ZeroDuration())->arrived());
}

TEST_CASE("Messages out of order are refused") {
  Arrival arrival;
  CHECK(ReasonOf(arrival.incoming->Go()) == v1::REASON_REQUEST_INVALID);
  REQUIRE(arrival.incoming->MemoryEnd().ok());
  CHECK(ReasonOf(arrival.incoming->Memory("more")) == v1::REASON_REQUEST_INVALID);
  CHECK(ReasonOf(arrival.incoming->MemoryEnd()) == v1::REASON_REQUEST_INVALID);
}

TEST_CASE("What ends it before `go` is the end, also for a `go` that comes late") {
  Arrival arrival;
  Incoming& incoming = *arrival.incoming;
  std::function<bool()> cancelled = Never;
  SECTION("the connection") { incoming.Broken("the cable"); }
  SECTION("the source asks") { CHECK_FALSE(incoming.Settle(absl::ZeroDuration()).ok()); }
  SECTION("cancelled here") {
    cancelled = [] { return true; };
  }
  SECTION("it cannot be restored") { incoming.Decide(false); }
  const absl::Status handed = incoming.AwaitGo(cancelled);
  CHECK(ReasonOf(handed) == v1::REASON_TRANSFER_FAILED);
  CHECK(ReasonOf(incoming.Go()) == v1::REASON_TRANSFER_FAILED);
  CHECK(ReasonOf(incoming.Memory("memory")) == v1::REASON_TRANSFER_FAILED);
  incoming.Decide(false);
  CHECK_FALSE(incoming.Settle(absl::ZeroDuration())->arrived());
}

TEST_CASE("A job that takes no more memory ends the stream's waiting") {
  Arrival arrival;
  std::thread job([&] { arrival.incoming->Decide(false); });
  absl::Status status;
  while (status.ok()) status = arrival.incoming->Memory(std::string(1 << 20, 'm'));
  job.join();
  CHECK(ReasonOf(status) == v1::REASON_TRANSFER_FAILED);
}

TEST_CASE("Behind `go` a question waits for the job") {
  Arrival arrival;
  Incoming& incoming = *arrival.incoming;
  REQUIRE(incoming.MemoryEnd().ok());
  std::thread job([&] { (void)incoming.AwaitGo(Never); });
  while (!incoming.Go().ok()) std::this_thread::yield();
  job.join();
  incoming.Broken("the cable");
  CHECK(incoming.Settle(absl::Milliseconds(1)).status().code() == absl::StatusCode::kDeadlineExceeded);
  std::thread asks([&] { CHECK(incoming.Settle(absl::Seconds(20))->arrived()); });
  incoming.Decide(true);
  asks.join();
}

}  // namespace
}  // namespace reeve::migration

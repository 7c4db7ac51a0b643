// The source's half, step by step, against a destination that a script plays.
#include "daemon/migration/outgoing.h"

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <deque>
#include <thread>

#include "absl/time/clock.h"
#include "proto/status.h"
#include "util/full_io.h"

namespace reeve::migration {
namespace {

constexpr size_t kMemory = 8 << 20;  // more than fits into the pipe

v1::MigrationAnswer Accepted() {
  v1::MigrationAnswer answer;
  answer.set_accepted(true);
  return answer;
}
v1::MigrationAnswer Restored() {
  v1::MigrationAnswer answer;
  answer.set_restored(true);
  return answer;
}
v1::MigrationAnswer Running() {
  v1::MigrationAnswer answer;
  answer.set_running(true);
  return answer;
}

struct TestProgress final : drivers::Progress {
  void Report(absl::string_view, uint32_t) override {}
  bool Cancelled() const override { return cancelled; }
  std::atomic<bool> cancelled{false};
};

// A guest; `calls` is what was asked of it, in order.
struct TestGuest final : drivers::GuestImages {
  absl::Status SendMemory(const drivers::DomainKey&, int descriptor, bool, drivers::Progress*) override {
    absl::Status status = util::WriteFully(descriptor, std::string(kMemory, 'm'));
    if (status.ok()) calls.push_back("still");
    return status;
  }
  absl::Status EndSending(const drivers::DomainKey&, bool gone) override {
    calls.push_back(gone ? "gone" : "runs on");
    return end;
  }
  absl::Status KeepStill(const drivers::DomainKey&) override {
    calls.push_back("kept");
    return keep;
  }
  std::vector<std::string> calls;
  absl::Status end, keep;
};

// What the destination says; with nothing left it is silent.
struct Script {
  std::deque<v1::MigrationAnswer> answers;
  bool takes_memory = true;
  std::deque<absl::StatusOr<v1::MigrationOutcome>> outcomes;
  // What came.
  size_t memory = 0;
  bool went = false;
  int asked = 0;
};

class ScriptedLink final : public Link {
 public:
  explicit ScriptedLink(Script* script) : script_(*script) {}
  absl::Status Send(const v1::MigrationMessage& message, const std::function<bool()>& cancelled) override {
    while (message.has_memory() && !script_.takes_memory) {
      if (closed_ || cancelled()) return absl::CancelledError("given up");
      std::this_thread::yield();
    }
    script_.memory += message.memory().size();
    script_.went = script_.went || message.go();
    return absl::OkStatus();
  }
  absl::StatusOr<v1::MigrationAnswer> Receive(const std::function<bool()>& cancelled) override {
    while (script_.answers.empty()) {
      if (closed_ || cancelled()) return absl::CancelledError("given up");
      std::this_thread::yield();
    }
    const v1::MigrationAnswer answer = script_.answers.front();
    script_.answers.pop_front();
    return answer;
  }
  void Close() override { closed_ = true; }

 private:
  Script& script_;
  std::atomic<bool> closed_{false};
};

class ScriptedDestination final : public Destination {
 public:
  explicit ScriptedDestination(Script* script) : script_(*script) {}
  absl::StatusOr<std::unique_ptr<Link>> Connect() override { return std::make_unique<ScriptedLink>(&script_); }
  absl::StatusOr<v1::MigrationOutcome> Settle() override {
    ++script_.asked;
    if (script_.outcomes.empty()) return absl::UnavailableError("nobody answers");
    auto outcome = script_.outcomes.front();
    script_.outcomes.pop_front();
    return outcome;
  }

 private:
  Script& script_;
};

struct Migration {
  Migration() {
    std::signal(SIGPIPE, SIG_IGN);  // as the daemon does
    options.wait = [this](absl::Duration delay) { waited += delay; };
    options.before_hand_over = [this] {
      guest.calls.push_back("stored");
      return store;
    };
  }
  OutgoingResult Run() {
    ScriptedDestination destination(&script);
    return SendGuest(guest, {"web1", "uid", 1}, destination, options, &progress);
  }
  TestGuest guest;
  Script script;
  OutgoingOptions options;
  TestProgress progress;
  absl::Status store;
  absl::Duration waited;
};

using Calls = std::vector<std::string>;

TEST_CASE("A guest is stored, kept and let go of, in this order") {
  Migration migration;
  migration.script.answers = {Accepted(), Restored(), Running()};
  CHECK(migration.Run().holder == Holder::kDestination);
  CHECK(migration.guest.calls == Calls{"still", "stored", "kept", "gone"});
  CHECK(migration.script.memory == kMemory);
  CHECK(migration.script.asked == 0);
}

TEST_CASE("A destination that takes nothing more can be left") {
  Migration migration;
  migration.script.answers = {Accepted()};
  migration.script.takes_memory = false;
  std::thread user([&] { migration.progress.cancelled = true; });
  const OutgoingResult result = migration.Run();
  user.join();
  CHECK(result.holder == Holder::kSource);
  CHECK(ReasonOf(result.status) == v1::REASON_OPERATION_CANCELLED);
  CHECK(migration.guest.calls.empty());
}

TEST_CASE("Up to `restored` a silent or confused destination leaves the guest here") {
  Migration migration;
  migration.options.answer_time = absl::Milliseconds(20);
  SECTION("it says nothing at all") {}
  SECTION("it does not restore") { migration.script.answers = {Accepted()}; }
  SECTION("it answers out of order") { migration.script.answers = {Accepted(), Running()}; }
  SECTION("it begins with something else") { migration.script.answers = {Restored()}; }
  const OutgoingResult result = migration.Run();
  CHECK(result.holder == Holder::kSource);
  CHECK(ReasonOf(result.status) == v1::REASON_TRANSFER_FAILED);
  CHECK_FALSE(migration.script.went);
  CHECK(migration.script.asked == 0);
  CHECK((migration.guest.calls.empty() || migration.guest.calls == Calls{"still", "runs on"}));
}

TEST_CASE("Nothing is handed over before it is stored and kept") {
  Migration migration;
  migration.script.answers = {Accepted(), Restored(), Running()};
  SECTION("stored") { migration.store = absl::InternalError("disk full"); }
  SECTION("kept") { migration.guest.keep = absl::InternalError("no note"); }
  const OutgoingResult result = migration.Run();
  CHECK(result.holder == Holder::kSource);
  CHECK_FALSE(migration.script.went);
  CHECK(migration.guest.calls.back() == "runs on");
}

TEST_CASE("Behind `go` the destination decides") {
  Migration migration;
  migration.options.answer_time = absl::Milliseconds(20);
  migration.script.answers = {Accepted(), Restored()};
  v1::MigrationOutcome outcome;
  SECTION("it has the guest") {
    outcome.set_arrived(true);
    migration.script.outcomes = {absl::UnavailableError("it restarts"), outcome};
    CHECK(migration.Run().holder == Holder::kDestination);
    CHECK(migration.script.asked == 2);
    CHECK(migration.guest.calls.back() == "gone");
  }
  SECTION("it has not") {
    migration.script.outcomes = {outcome};
    CHECK(migration.Run().holder == Holder::kSource);
    CHECK(migration.guest.calls.back() == "runs on");
  }
  SECTION("it has forgotten") {
    migration.script.outcomes = {Error(v1::REASON_TOKEN_REFUSED, "unknown")};
    CHECK(migration.Run().holder == Holder::kUnknown);
    CHECK(migration.script.asked == 1);
    CHECK(migration.guest.calls.back() == "kept");
  }
  SECTION("it does not say") {
    CHECK(migration.Run().holder == Holder::kUnknown);
    CHECK(migration.script.asked == 4);
    CHECK(migration.waited == absl::Milliseconds(250 + 500 + 1000));
    CHECK(migration.guest.calls.back() == "kept");
  }
  SECTION("cancelled too late") {
    migration.progress.cancelled = false;
    migration.options.before_hand_over = [&] {
      migration.progress.cancelled = true;
      return absl::OkStatus();
    };
    migration.script.answers.push_back(Running());
    CHECK(migration.Run().holder == Holder::kDestination);
  }
  SECTION("the guest cannot be ended here") {
    migration.script.answers.push_back(Running());
    migration.guest.end = absl::InternalError("busy");
    CHECK(migration.Run().holder == Holder::kUnknown);
  }
  CHECK(migration.script.went);
}

}  // namespace
}  // namespace reeve::migration

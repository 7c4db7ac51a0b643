#include "client/reconnecting_watch.h"

#include <catch2/catch.hpp>
#include <vector>

#include "client/fake_daemon.h"
#include "proto/status.h"
#include "util/fake_clock.h"

namespace reeve::client {
namespace {

using Next = ReconnectingWatch::Next;

// A daemon whose n-th stream does what the test says with the start revision that it was asked for.
class Scenario {
 public:
  using Control = FakeDaemon::StreamControl;
  using Stream = std::function<void(int64_t start, const Control& control)>;

  explicit Scenario(std::vector<Stream> streams) : streams_(std::move(streams)) {
    daemon.OnStream(methods::kWatch.path, [this](const std::string* message, const Control& control) {
      if (message == nullptr) return;
      v1::WatchRequest request;
      request.ParseFromString(*message);
      starts.push_back(request.start_revision());
      REQUIRE(starts.size() <= streams_.size());
      streams_[starts.size() - 1](request.start_revision(), control);
    });
    daemon.Start();
    auto opened = Connection::Open(*ParseUri(daemon.uri()), {});
    REQUIRE(opened.ok());
    connection_ = *std::move(opened);
  }

  ReconnectingWatch& Start(ReconnectingWatch::Options options = {}, int64_t revision = 5) {
    options.on_lost = [this](const absl::Status& cause) { losses.push_back(std::string(cause.message())); };
    options.on_resumed = [this](int64_t at) { resumed.push_back(at); };
    v1::WatchRequest request;
    request.set_start_revision(revision);
    auto watch = ReconnectingWatch::Start(connection_.get(), request, options, Wait(), &clock);
    REQUIRE(watch.ok());
    watch_ = *std::move(watch);
    return *watch_;
  }

  // The revision of the next message; -1 for anything else.
  int64_t Revision() {
    v1::WatchResponse response;
    auto next = watch_->Take(&response, absl::Seconds(100));
    INFO(next.status());
    return next.ok() && *next == Next::kMessage ? response.revision() : -1;
  }

  FakeDaemon daemon;
  util::FakeClock clock;
  std::vector<int64_t> starts;
  std::vector<std::string> losses;
  std::vector<int64_t> resumed;
  std::vector<absl::Duration> pauses;
  std::function<Waited()> on_pause = [] { return Waited::kTimedOut; };

 private:
  // Waits for messages by the real clock, and lets pauses pass at once.
  Waiter Wait() {
    return [this, poll = PollingWaiter(-1)](int fd, absl::Duration timeout) {
      if (fd >= 0) return poll(fd, absl::Seconds(10));
      pauses.push_back(timeout);
      clock.Advance(timeout);
      return on_pause();
    };
  }

  std::vector<Stream> streams_;
  std::unique_ptr<Connection> connection_;
  std::unique_ptr<ReconnectingWatch> watch_;
};

void Send(const FakeDaemon::StreamControl& control, int64_t revision) {
  v1::WatchResponse response;
  response.set_revision(revision);
  control.send(response.SerializeAsString());
}

Scenario::Stream Sends(std::vector<int64_t> revisions, absl::Status end) {
  return [revisions = std::move(revisions), end = std::move(end)](int64_t, const Scenario::Control& control) {
    for (const int64_t revision : revisions) Send(control, revision);
    control.finish(end);
  };
}

TEST_CASE("a stream that breaks goes on behind the last revision, without a gap or a repetition") {
  Scenario scenario({Sends({5, 6}, absl::UnavailableError("reset")), Sends({}, absl::UnavailableError("reset")),
                     Sends({7}, Error(v1::REASON_DAEMON_DRAINING, "ending")), Sends({8}, absl::OkStatus())});
  ReconnectingWatch& watch = scenario.Start();
  for (int64_t revision = 5; revision <= 8; ++revision) CHECK(scenario.Revision() == revision);
  v1::WatchResponse response;
  auto end = watch.Take(&response, absl::Seconds(100));
  REQUIRE(end.ok());
  CHECK(*end == Next::kEnded);
  CHECK(scenario.starts == std::vector<int64_t>{5, 7, 7, 8});
  CHECK(scenario.losses == std::vector<std::string>{"reset", "reset", "ending"});
  CHECK(scenario.resumed == std::vector<int64_t>{6, 6, 7});
  // The first attempt at once; a daemon that ends stream after stream is not called in a circle.
  CHECK(scenario.pauses.size() == 2);
}

TEST_CASE("a daemon that is gone is tried again with growing pauses until it is back") {
  Scenario scenario({Sends({5}, absl::UnavailableError("reset")), Sends({6}, absl::OkStatus())});
  ReconnectingWatch& watch = scenario.Start();
  CHECK(scenario.Revision() == 5);
  scenario.daemon.Stop();
  scenario.on_pause = [&scenario] {
    if (scenario.pauses.size() == 4) scenario.daemon.Start();
    return Waited::kTimedOut;
  };
  CHECK(scenario.Revision() == 6);
  REQUIRE(scenario.pauses.size() == 4);
  for (size_t i = 1; i < 4; ++i) CHECK(scenario.pauses[i] > scenario.pauses[i - 1]);
  CHECK(scenario.losses.size() == 1);
  CHECK(watch.revision() == 6);
}

TEST_CASE("patience has an end, which names the last failure") {
  Scenario scenario({Sends({5}, absl::UnavailableError("reset"))});
  ReconnectingWatch& watch = scenario.Start({.patience = absl::Seconds(30)});
  CHECK(scenario.Revision() == 5);
  scenario.daemon.Stop();
  const absl::Duration begin = scenario.clock.Monotonic();
  v1::WatchResponse response;
  auto next = watch.Take(&response, absl::InfiniteDuration());
  REQUIRE_FALSE(next.ok());
  CHECK(absl::IsUnavailable(next.status()));
  CHECK_THAT(std::string(next.status().message()), Catch::Contains("has not come back within 30s"));
  CHECK(scenario.clock.Monotonic() - begin <= absl::Seconds(30));
}

TEST_CASE("without patience a loss is final") {
  Scenario scenario({Sends({}, absl::UnavailableError("reset"))});
  ReconnectingWatch& watch = scenario.Start({.patience = absl::ZeroDuration()});
  v1::WatchResponse response;
  CHECK(watch.Take(&response, absl::Seconds(100)).status().message() == "reset");
  CHECK(scenario.losses.empty());
}

TEST_CASE("a refusal is final, at once and after a loss") {
  Scenario scenario({Sends({5}, absl::UnavailableError("reset")),
                     Sends({}, Error(v1::REASON_PERMISSION_DENIED, "domain.watch is not yours"))});
  ReconnectingWatch& watch = scenario.Start();
  CHECK(scenario.Revision() == 5);
  v1::WatchResponse response;
  CHECK(watch.Take(&response, absl::Seconds(100)).status().message() == "domain.watch is not yours");
}

TEST_CASE("revisions that are gone after a long absence are told, and the stream goes on") {
  const auto compacted = [](int64_t, const Scenario::Control& control) {
    v1::WatchResponse response;
    response.mutable_compacted()->set_oldest_revision(100);
    control.send(response.SerializeAsString());
    control.finish(Error(v1::REASON_REVISION_COMPACTED, "gone"));
  };
  SECTION("behind a loss") {
    Scenario scenario({Sends({5}, absl::UnavailableError("reset")), compacted, Sends({100}, absl::OkStatus())});
    ReconnectingWatch& watch = scenario.Start();
    CHECK(scenario.Revision() == 5);
    v1::WatchResponse response;
    REQUIRE(watch.Take(&response, absl::Seconds(100)).ok());
    CHECK(response.compacted().oldest_revision() == 100);
    CHECK(scenario.Revision() == 100);
    CHECK(scenario.starts == std::vector<int64_t>{5, 6, 100});
  }
  SECTION("of who asked for them") {
    Scenario scenario({compacted});
    ReconnectingWatch& watch = scenario.Start();
    v1::WatchResponse response;
    REQUIRE(watch.Take(&response, absl::Seconds(100)).ok());
    CHECK(ReasonOf(watch.Take(&response, absl::Seconds(100)).status()) == v1::REASON_REVISION_COMPACTED);
  }
}

TEST_CASE("an interruption or the end of the time loses nothing") {
  Scenario scenario({Sends({5}, absl::UnavailableError("reset")), Sends({6}, absl::OkStatus())});
  ReconnectingWatch& watch = scenario.Start();
  CHECK(scenario.Revision() == 5);
  scenario.daemon.Stop();
  scenario.on_pause = [] { return Waited::kInterrupted; };
  v1::WatchResponse response;
  auto next = watch.Take(&response, absl::Seconds(100));
  REQUIRE(next.ok());
  CHECK(*next == Next::kInterrupted);
  scenario.on_pause = [] { return Waited::kTimedOut; };
  next = watch.Take(&response, absl::Milliseconds(10));
  REQUIRE(next.ok());
  CHECK(*next == Next::kTimedOut);
  scenario.daemon.Start();
  CHECK(scenario.Revision() == 6);
  CHECK(scenario.losses.size() == 1);
}

}  // namespace
}  // namespace reeve::client

#include "daemon/services/authentication.h"

#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <future>

#include "proto/status.h"
#include "util/fake_clock.h"
#include "util/fake_timers.h"

namespace reeve::services {
namespace {

// Any user whose word is "right" after a challenge.
class FakeExchange final : public auth::SaslExchange {
 public:
  absl::StatusOr<Step> Start(const std::optional<std::string>& initial) override {
    user_ = initial.value_or("");
    return Step{.challenge = "who?"};
  }
  absl::StatusOr<Step> Continue(const std::string& response) override {
    if (response != "right") return absl::UnauthenticatedError("wrong word: " + user_);
    return Step{.challenge = "welcome", .done = true};
  }
  std::string user() const override { return user_; }

 private:
  std::string user_;
};

class FakeSasl final : public auth::Sasl {
 public:
  std::vector<std::string> Mechanisms(const Channel& channel) const override {
    std::vector<std::string> names{"FAKE"};
    if (channel.encrypted) names.push_back("PLAIN");
    if (!channel.certificate_subject.empty()) names.push_back("EXTERNAL");
    return names;
  }
  absl::StatusOr<std::unique_ptr<auth::SaslExchange>> Begin(const std::string&, const Channel&) override {
    return std::make_unique<FakeExchange>();
  }
};

class FakePolkit final : public auth::Polkit {
 public:
  absl::Status Check(const Subject& subject, const std::string& action, absl::Duration) override {
    asked = action;
    pid = subject.pid;
    start_time = subject.start_time;
    return answer;
  }
  absl::Status answer;
  std::string asked;
  pid_t pid = 0;
  uint64_t start_time = 0;
};

class FakeSink final : public auth::AuditSink {
 public:
  void Write(const v1::AuditRecord& record) override {
    const absl::MutexLock lock(&mutex_);
    records_.push_back(record);
  }
  std::vector<v1::AuditRecord> records() {
    const absl::MutexLock lock(&mutex_);
    return records_;
  }

 private:
  absl::Mutex mutex_;
  std::vector<v1::AuditRecord> records_ ABSL_GUARDED_BY(mutex_);
};

struct Fixture {
  explicit Fixture(AuthenticationRules rules = {.unix_socket = Proof::kSasl, .tls = Proof::kSasl}) {
    audit.SetSink(sink);
    authentication = std::make_unique<Authentication>(
        Authentication::Parts{&policy, &table, &timers, &clock, &audit, &sasl, &polkit}, std::move(rules));
  }

  connections::Peer Alice(uid_t uid = 1000) const {
    connections::Peer peer;
    peer.uid = uid;
    peer.pid = 42;
    peer.pid_start_time = 99;
    peer.groups = {100};
    peer.identity = "unix:alice(1000)";
    return peer;
  }
  std::shared_ptr<connections::Connection> Connect(connections::Peer peer, bool read_only = false) {
    int ends[2];
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    sockets.emplace_back(ends[1]);
    return *table.Add(1000 + static_cast<int>(sockets.size()), util::UniqueFd(ends[0]), std::move(peer), read_only);
  }
  std::future<absl::StatusOr<v1::AuthenticationStep>> Start(const std::shared_ptr<connections::Connection>& connection,
                                                            const std::string& mechanism, const std::string& word) {
    v1::StartAuthenticationRequest request;
    request.set_mechanism(mechanism);
    request.set_initial_response(word);
    auto promise = std::make_shared<std::promise<absl::StatusOr<v1::AuthenticationStep>>>();
    authentication->Start(connection, request, [promise](auto answer) { promise->set_value(std::move(answer)); });
    return promise->get_future();
  }
  std::future<absl::StatusOr<v1::AuthenticationStep>> Continue(
      const std::shared_ptr<connections::Connection>& connection, const std::string& word) {
    v1::ContinueAuthenticationRequest request;
    request.set_response(word);
    auto promise = std::make_shared<std::promise<absl::StatusOr<v1::AuthenticationStep>>>();
    authentication->Continue(connection, request, [promise](auto answer) { promise->set_value(std::move(answer)); });
    return promise->get_future();
  }
  // The answer to a failure comes by a timer, which is set by a thread of the pool.
  v1::Reason FailureAfter(std::future<absl::StatusOr<v1::AuthenticationStep>> answer, absl::Duration delay) {
    timers.AwaitCount(1 + pending_deadlines);
    timers.Advance(delay - absl::Milliseconds(1));
    CHECK(answer.wait_for(std::chrono::seconds(0)) == std::future_status::timeout);
    timers.Advance(absl::Milliseconds(1));
    return ReasonOf(answer.get().status());
  }
  v1::Reason Wrong(const std::shared_ptr<connections::Connection>& connection, absl::Duration delay) {
    REQUIRE(Start(connection, "FAKE", "alice").get().ok());
    return FailureAfter(Continue(connection, "wrong"), delay);
  }

  util::FakeClock clock;
  util::FakeTimers timers{&clock};
  size_t pending_deadlines = 1;
  auth::PolicySource policy{auth::Policy::Create({}, [](const std::string&) { return std::nullopt; })};
  connections::Table table{&clock};
  const std::shared_ptr<FakeSink> sink = std::make_shared<FakeSink>();
  AuditLog audit;
  FakeSasl sasl;
  FakePolkit polkit;
  std::vector<util::UniqueFd> sockets;
  std::unique_ptr<Authentication> authentication;
};

}  // namespace

TEST_CASE("where the kernel's word is enough nothing is to be proved") {
  Fixture fixture(AuthenticationRules{});
  const auto connection = fixture.Connect(fixture.Alice());
  CHECK(connection->proved.Get()->identity().proof == auth::Proof::kUnix);
  CHECK(fixture.authentication->Mechanisms(*connection).empty());
  CHECK(ReasonOf(fixture.Start(connection, "FAKE", "x").get().status()) == v1::REASON_MECHANISM_NOT_OFFERED);
  CHECK(ReasonOf(fixture.Continue(connection, "x").get().status()) == v1::REASON_AUTHENTICATION_BUSY);
}

TEST_CASE("SASL: nobody first, then somebody, for good") {
  Fixture fixture;
  const auto connection = fixture.Connect(fixture.Alice(0));  // also root
  CHECK_FALSE(connection->proved.Get()->identity().proved());
  CHECK(fixture.authentication->Mechanisms(*connection) == std::vector<std::string>{"FAKE"});
  CHECK(ReasonOf(fixture.Continue(connection, "right").get().status()) == v1::REASON_AUTHENTICATION_BUSY);
  const auto first = fixture.Start(connection, "FAKE", "carol").get();
  REQUIRE(first.ok());
  CHECK(first->challenge() == "who?");
  CHECK_FALSE(first->has_session());
  CHECK_FALSE(connection->proved.Get()->identity().proved());
  const auto last = fixture.Continue(connection, "right").get();
  REQUIRE(last.ok());
  CHECK(last->challenge() == "welcome");
  CHECK(last->session().identity() == "sasl:carol");
  CHECK(last->session().authentication() == v1::AUTHENTICATION_SASL);
  CHECK(connection->Identity() == "sasl:carol");
  // Not root any more, and not again.
  CHECK_FALSE(connection->proved.Get()->identity().uid.has_value());
  CHECK(fixture.authentication->Mechanisms(*connection).empty());
  CHECK(ReasonOf(fixture.Start(connection, "FAKE", "x").get().status()) == v1::REASON_MECHANISM_NOT_OFFERED);
  // The deadline does not count any more.
  fixture.timers.Advance(absl::Hours(1));
  CHECK_FALSE(connection->closed);
  const auto records = fixture.sink->records();
  REQUIRE(records.size() == 1);
  CHECK(records[0].identity() == "sasl:carol");
  CHECK(records[0].authentication() == "sasl FAKE");
  CHECK(records[0].outcome() == v1::AUDIT_OUTCOME_DONE);
}

TEST_CASE("failures are answered late, later each time, and in the end the connection is closed") {
  Fixture fixture;
  const auto connection = fixture.Connect(fixture.Alice());
  CHECK(fixture.Wrong(connection, absl::Milliseconds(500)) == v1::REASON_AUTHENTICATION_FAILED);
  CHECK(fixture.Wrong(connection, absl::Seconds(1)) == v1::REASON_AUTHENTICATION_FAILED);
  CHECK_FALSE(connection->closed);
  CHECK(fixture.Wrong(connection, absl::Seconds(2)) == v1::REASON_AUTHENTICATION_FAILED);
  // Answered, and then closed; no further attempt meanwhile.
  CHECK(ReasonOf(fixture.Start(connection, "FAKE", "x").get().status()) == v1::REASON_AUTHENTICATION_BUSY);
  fixture.timers.Advance(absl::Seconds(1));
  CHECK(connection->closed);
  // Another connection of the same user begins where that one ended.
  fixture.table.Remove(connection->number);
  const auto next = fixture.Connect(fixture.Alice());
  CHECK(fixture.Wrong(next, absl::Seconds(4)) == v1::REASON_AUTHENTICATION_FAILED);
  const auto records = fixture.sink->records();
  REQUIRE(records.size() == 4);
  CHECK(records[0].outcome() == v1::AUDIT_OUTCOME_REFUSED);
  CHECK(records[0].detail() == "FAKE: wrong word: alice");
  CHECK(records[0].reason() == "AUTHENTICATION_FAILED");
}

TEST_CASE("one step at a time") {
  Fixture fixture;
  const auto connection = fixture.Connect(fixture.Alice());
  REQUIRE(fixture.Start(connection, "FAKE", "alice").get().ok());
  auto answer = fixture.Continue(connection, "wrong");
  fixture.timers.AwaitCount(2);  // it is held back
  CHECK(ReasonOf(fixture.Continue(connection, "right").get().status()) == v1::REASON_AUTHENTICATION_BUSY);
  CHECK(ReasonOf(fixture.Start(connection, "FAKE", "x").get().status()) == v1::REASON_AUTHENTICATION_BUSY);
  fixture.timers.Advance(absl::Seconds(1));
  CHECK(ReasonOf(answer.get().status()) == v1::REASON_AUTHENTICATION_FAILED);
  // The exchange is over.
  CHECK(ReasonOf(fixture.Continue(connection, "right").get().status()) == v1::REASON_AUTHENTICATION_BUSY);
}

TEST_CASE("an exchange that is begun anew gives up the one before") {
  Fixture fixture;
  const auto connection = fixture.Connect(fixture.Alice());
  REQUIRE(fixture.Start(connection, "FAKE", "alice").get().ok());
  REQUIRE(fixture.Start(connection, "FAKE", "bob").get().ok());
  CHECK(fixture.Continue(connection, "right").get()->session().sasl_user() == "bob");
}

TEST_CASE("users who are not listed are not let in, whatever they know") {
  Fixture fixture(AuthenticationRules{.unix_socket = Proof::kSasl, .sasl_users = {"a*", "root"}});
  const auto connection = fixture.Connect(fixture.Alice());
  REQUIRE(fixture.Start(connection, "FAKE", "carol").get().ok());
  CHECK(fixture.FailureAfter(fixture.Continue(connection, "right"), absl::Milliseconds(500)) ==
        v1::REASON_AUTHENTICATION_FAILED);
  CHECK(fixture.sink->records()[0].detail() == "FAKE: user carol is not one of auth.sasl_users");
  REQUIRE(fixture.Start(connection, "FAKE", "al\nice").get().ok());  // a name that is not clean
  CHECK(fixture.FailureAfter(fixture.Continue(connection, "right"), absl::Seconds(1)) ==
        v1::REASON_AUTHENTICATION_FAILED);
  REQUIRE(fixture.Start(connection, "FAKE", "alice").get().ok());
  CHECK(fixture.Continue(connection, "right").get().ok());
}

TEST_CASE("words are bounded") {
  Fixture fixture;
  const auto connection = fixture.Connect(fixture.Alice());
  CHECK(fixture.FailureAfter(fixture.Start(connection, "FAKE", std::string((64 << 10) + 1, 'x')),
                             absl::Milliseconds(500)) == v1::REASON_AUTHENTICATION_FAILED);
  REQUIRE(fixture.Start(connection, "FAKE", std::string(64 << 10, 'x')).get().ok());
  CHECK(fixture.FailureAfter(fixture.Continue(connection, std::string((64 << 10) + 1, 'x')), absl::Seconds(1)) ==
        v1::REASON_AUTHENTICATION_FAILED);
}

TEST_CASE("who does not authenticate in time is thrown out, and so is who comes when too many wait") {
  Fixture fixture(AuthenticationRules{.unix_socket = Proof::kSasl, .clients = 2});
  const auto first = fixture.Connect(fixture.Alice());
  const auto second = fixture.Connect(fixture.Alice());
  const auto third = fixture.Connect(fixture.Alice());
  CHECK(third->closed);
  CHECK_FALSE(second->closed);
  REQUIRE(fixture.Start(second, "FAKE", "alice").get().ok());
  fixture.timers.Advance(absl::Seconds(60));
  CHECK(first->closed);
  CHECK(second->closed);
}

TEST_CASE("state goes with the connection") {
  Fixture fixture;
  const auto connection = fixture.Connect(fixture.Alice());
  REQUIRE(fixture.Start(connection, "FAKE", "alice").get().ok());
  fixture.table.Remove(connection->number);
  CHECK(ReasonOf(fixture.Continue(connection, "right").get().status()) == v1::REASON_AUTHENTICATION_BUSY);
}

TEST_CASE("polkit is asked for those who are not in the group") {
  Fixture fixture(AuthenticationRules{.unix_socket = Proof::kPolkit, .unix_read_only = Proof::kPolkit, .group = 100});
  CHECK(fixture.Connect(fixture.Alice())->proved.Get()->identity().proof == auth::Proof::kUnix);  // is in it
  connections::Peer stranger = fixture.Alice();
  stranger.groups = {200};
  const auto connection = fixture.Connect(stranger);
  CHECK(fixture.authentication->Mechanisms(*connection) == std::vector<std::string>{"POLKIT"});
  fixture.polkit.answer = absl::PermissionDeniedError("no");
  CHECK(fixture.FailureAfter(fixture.Start(connection, "POLKIT", ""), absl::Milliseconds(500)) ==
        v1::REASON_AUTHENTICATION_FAILED);
  CHECK(fixture.polkit.asked == "org.reeve.manage");
  CHECK(fixture.polkit.pid == 42);
  CHECK(fixture.polkit.start_time == 99);
  fixture.polkit.answer = absl::OkStatus();
  const auto answer = fixture.Start(connection, "POLKIT", "").get();
  REQUIRE(answer.ok());
  CHECK(answer->session().authentication() == v1::AUTHENTICATION_POLKIT);
  CHECK(connection->proved.Get()->identity().uid == uid_t{1000});
  const auto reader = fixture.Connect(stranger, /*read_only=*/true);
  REQUIRE(fixture.Start(reader, "POLKIT", "").get().ok());
  CHECK(fixture.polkit.asked == "org.reeve.monitor");
}

TEST_CASE("TLS: a certificate, a password, or both") {
  connections::Peer peer;
  peer.transport = connections::Transport::kTls;
  peer.uid = connections::kNoUser;
  peer.remote_address = "192.0.2.1:41000";
  connections::Peer known = peer;
  known.identity = "x509:CN=node1";
  known.tls = connections::TlsPeer{.has_certificate = true, .subject = "CN=node1"};
  {
    Fixture fixture(AuthenticationRules{.tls = Proof::kPeer});
    CHECK(fixture.Connect(known)->proved.Get()->identity().proof == auth::Proof::kCertificate);
    const auto nobody = fixture.Connect(peer);
    CHECK_FALSE(nobody->proved.Get()->identity().proved());
    CHECK(nobody->Identity() == "unknown at 192.0.2.1:41000");
    CHECK(fixture.authentication->Mechanisms(*nobody).empty());
  }
  {
    Fixture fixture(AuthenticationRules{.tls = Proof::kSasl});
    CHECK(fixture.authentication->Mechanisms(*fixture.Connect(peer)) == std::vector<std::string>{"FAKE", "PLAIN"});
    const auto connection = fixture.Connect(known);
    CHECK(fixture.authentication->Mechanisms(*connection) == std::vector<std::string>{"FAKE", "PLAIN", "EXTERNAL"});
  }
  {
    Fixture fixture(AuthenticationRules{.tls = Proof::kCertificateAndSasl});
    CHECK(fixture.authentication->Mechanisms(*fixture.Connect(peer)).empty());
    const auto connection = fixture.Connect(known);
    CHECK_FALSE(connection->proved.Get()->identity().proved());
    REQUIRE(fixture.Start(connection, "FAKE", "alice").get().ok());
    REQUIRE(fixture.Continue(connection, "right").get().ok());
    CHECK(connection->proved.Get()->identity().subject == "CN=node1");
    CHECK(connection->Identity() == "sasl:alice");
  }
}

}  // namespace reeve::services

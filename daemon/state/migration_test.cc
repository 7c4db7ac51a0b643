// Guests that move between two daemons: the connection breaks at every step, on either side, and one guest runs.
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "auth/access.h"
#include "auth/policy.h"
#include "daemon/state/migration_pair.h"
#include "daemon/state/store.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

TEST_CASE("A guest moves, and only one of it runs") {
  Pair pair;
  SECTION("transient there, defined here") {
    REQUIRE(pair.Migrate().ok());
    CHECK_FALSE(pair.destination.Look()->status().persistent());
    CHECK(pair.source.Look()->status().reason() == v1::DOMAIN_STATE_REASON_MIGRATED_AWAY);
  }
  SECTION("with its definition") {
    v1::MigrateDomainRequest request = Pair::Request(*pair.Prepare(true));
    request.set_undefine_source(true);
    request.set_live(true);
    REQUIRE(pair.Migrate(request).ok());
    CHECK(pair.destination.Look()->status().persistent());
    CHECK(ReasonOf(pair.source.Look().status()) == v1::REASON_DOMAIN_NOT_FOUND);
  }
  CHECK(pair.destination.Look()->status().state() == v1::DOMAIN_STATE_RUNNING);
  CHECK(pair.destination.Look()->status().reason() == v1::DOMAIN_STATE_REASON_MIGRATED);
  CHECK(pair.source.present() == 0);
  CHECK(pair.destination.running() == 1);
}

TEST_CASE("A guest can arrive suspended") {
  Pair pair;
  REQUIRE(pair.Migrate(Pair::Request(*pair.Prepare(false, true))).ok());
  CHECK(pair.destination.Look()->status().state() == v1::DOMAIN_STATE_PAUSED);
  CHECK(pair.destination.present() == 1);
  CHECK(pair.destination.running() == 0);
  CHECK(pair.source.present() == 0);
}

TEST_CASE("The connection breaks at every step, and one guest runs") {
  for (const bool answer : {false, true}) {
    // start, memory, memory_end, go; accepted, restored, running.
    for (int number = 0; number < (answer ? 3 : 4); ++number) {
      for (const Break::When when : {Break::When::kBefore, Break::When::kBehind}) {
        for (const int settle_failures : {0, 3}) {
          INFO((answer ? "answer " : "message ") << number << (when == Break::When::kBefore ? " lost" : " the last")
                                                 << ", " << settle_failures << " times nobody answers");
          Pair pair;
          pair.fault = {when, answer, number, settle_failures};
          const absl::Status status = pair.Migrate();
          pair.Rest();
          REQUIRE(pair.source.running() + pair.destination.running() == 1);
          CHECK(pair.source.present() + pair.destination.present() == 1);
          const bool moved = pair.destination.running() == 1;
          CHECK(moved == status.ok());
          if (!moved) CHECK(ReasonOf(status) == v1::REASON_TRANSFER_FAILED);
          CHECK(pair.source.Look()->status().state() == (moved ? v1::DOMAIN_STATE_SHUTOFF : v1::DOMAIN_STATE_RUNNING));
          CHECK(pair.destination.Look().ok() == moved);
          if (moved) continue;
          // It can be tried again.
          pair.fault = {};
          CHECK(pair.Migrate().ok());
          CHECK(pair.source.running() + pair.destination.running() == 1);
        }
      }
    }
  }
}

TEST_CASE("What becomes of a guest is told at both ends") {
  Pair pair;
  const int64_t before = pair.source.manager->Summary().revision;
  REQUIRE(pair.Migrate().ok());
  std::vector<v1::EventDetail> told;
  for (const v1::WatchResponse& message : pair.source.Replay(before + 1)) {
    for (const v1::Event& event : message.events()) told.push_back(event.detail());
  }
  CHECK(told == std::vector<v1::EventDetail>{v1::EVENT_DETAIL_SUSPENDED_MIGRATED, v1::EVENT_DETAIL_STOPPED_MIGRATED});
  const v1::Event event = pair.destination.LastEvent();
  CHECK(event.type() == v1::EVENT_TYPE_STARTED);
  CHECK(event.detail() == v1::EVENT_DETAIL_STARTED_MIGRATED);
  CHECK(event.requestor() == pair.destination.identity);
}

TEST_CASE(
    "A guest of which nobody knows where it runs stands still until the destination has said so, also to a daemon "
    "that comes back") {
  Pair pair;
  const bool arrived = GENERATE(true, false);
  const bool source_restarts = GENERATE(true, false);
  const bool destination_restarts = GENERATE(true, false);
  INFO((arrived ? "arrived" : "not arrived") << (source_restarts ? ", the source restarts" : "")
                                             << (destination_restarts ? ", the destination restarts" : ""));
  // `running` or `go` is lost, and the destination cannot be asked.
  pair.fault = arrived ? Break{Break::When::kBefore, true, 2, 1000} : Break{Break::When::kBefore, false, 3, 1000};
  CHECK(ReasonOf(pair.Migrate()) == v1::REASON_TRANSFER_FAILED);
  pair.Rest();
  const auto stands = [&] {
    CHECK(pair.source.present() == 1);
    CHECK(pair.source.running() == 0);
    CHECK(pair.source.Look()->status().state() == v1::DOMAIN_STATE_PAUSED);
    CHECK(pair.source.Look()->status().reason() == v1::DOMAIN_STATE_REASON_MIGRATING);
  };
  stands();
  if (source_restarts) pair.source.Boot();
  if (destination_restarts) pair.destination.Boot();
  stands();
  CHECK(pair.destination.running() == (arrived ? 1 : 0));
  pair.SettleAgain();
  stands();
  pair.fault.settle_failures = 0;
  pair.SettleAgain();
  CHECK(pair.source.running() + pair.destination.running() == 1);
  CHECK(pair.source.present() == (arrived ? 0 : 1));
  CHECK(pair.source.Look()->status().state() == (arrived ? v1::DOMAIN_STATE_SHUTOFF : v1::DOMAIN_STATE_RUNNING));
  const v1::Event event = pair.source.LastEvent();
  CHECK(event.detail() == (arrived ? v1::EVENT_DETAIL_STOPPED_MIGRATED : v1::EVENT_DETAIL_RESUMED_UNPAUSED));
  CHECK(event.cause() == v1::EVENT_CAUSE_DAEMON);
  // It is not asked once more.
  const int64_t revision = pair.source.manager->Summary().revision;
  pair.SettleAgain();
  CHECK(pair.source.manager->Summary().revision == revision);
  if (arrived) return;
  pair.fault = {};
  CHECK(pair.Migrate().ok());
}

TEST_CASE("A daemon drops the questions that need no answer any more, and those only") {
  Pair pair;
  pair.fault = {Break::When::kBefore, true, 2, 1000};
  REQUIRE_FALSE(pair.Migrate().ok());
  pair.Rest();
  const auto questions = [&](const std::string& left) {
    pair.source.Close();
    std::vector<std::string> notes;
    auto store = Store::Open({.directory = pair.source.options.directory, .now = pair.source.clock.Now()}, &notes);
    REQUIRE(store.ok());
    if (!left.empty()) REQUIRE((*store)->PutMeta(left, "a question").ok());
    const auto keys = (*store)->ListMeta("migration/");
    REQUIRE(keys.ok());
    return *keys;
  };
  // As a daemon leaves it that was killed when it had stored the answer.
  const std::string left = std::string("migration/") + kUid + "/999";
  REQUIRE(questions(left).size() == 2);
  pair.source.Boot();
  const std::vector<std::string> kept = questions("");
  REQUIRE(kept.size() == 1);
  CHECK(kept.front() != left);
  pair.source.Boot();
  pair.fault.settle_failures = 0;
  pair.SettleAgain();
  CHECK(pair.source.Look()->status().state() == v1::DOMAIN_STATE_SHUTOFF);
  CHECK(questions("").empty());
}

TEST_CASE("A guest whose destination has forgotten it is the user's to decide upon") {
  Pair pair;
  pair.fault = {Break::When::kBefore, true, 2, 1000};
  CHECK(ReasonOf(pair.Migrate()) == v1::REASON_TRANSFER_FAILED);
  pair.Rest();
  SECTION("the destination has forgotten") {
    pair.destination.clock.Advance(absl::Hours(2));
    pair.fault.settle_failures = 0;
    pair.SettleAgain();
    CHECK(pair.source.Look()->status().state() == v1::DOMAIN_STATE_PAUSED);
  }
  v1::DomainVerbRequest verb;
  verb.set_name(kName);
  SECTION("destroyed here") {
    REQUIRE(pair.source.Call<v1::Domain>(&ManagerImpl::DestroyDomain, verb).ok());
    CHECK(pair.source.running() + pair.destination.running() == 1);
  }
  SECTION("destroyed there and resumed here") {
    REQUIRE(pair.destination.Call<v1::Domain>(&ManagerImpl::DestroyDomain, verb).ok());
    if (pair.fault.settle_failures > 0) {  // it may still answer
      const auto resumed = pair.source.Call<v1::Domain>(&ManagerImpl::ResumeDomain, verb);
      CHECK(ReasonOf(resumed.status()) == v1::REASON_DOMAIN_STATE);
      verb.set_force(true);
    }
    REQUIRE(pair.source.Call<v1::Domain>(&ManagerImpl::ResumeDomain, verb).ok());
    CHECK(pair.source.running() + pair.destination.running() == 1);
  }
  // What is known later changes nothing.
  pair.fault.settle_failures = 0;
  const auto state = pair.source.Look()->status().state();
  pair.SettleAgain();
  CHECK(pair.source.Look()->status().state() == state);
  CHECK(pair.source.Look()->status().reason() != v1::DOMAIN_STATE_REASON_MIGRATED_AWAY);
  CHECK(pair.source.running() + pair.destination.running() == 1);
}

TEST_CASE("Who resumes a guest in doubt is told what the destination says") {
  const bool arrived = GENERATE(false, true);
  Pair pair;
  pair.fault = arrived ? Break{Break::When::kBefore, true, 2, 1000} : Break{Break::When::kBefore, false, 3, 1000};
  CHECK(ReasonOf(pair.Migrate()) == v1::REASON_TRANSFER_FAILED);
  pair.Rest();
  v1::DomainVerbRequest verb;
  verb.set_name(kName);
  const auto resume = [&] { return pair.source.Call<v1::Domain>(&ManagerImpl::ResumeDomain, verb); };
  const absl::Status unanswered = resume().status();
  CHECK(ReasonOf(unanswered) == v1::REASON_DOMAIN_STATE);
  CHECK(pair.source.running() == 0);
  pair.fault.settle_failures = 0;
  SECTION("while it remembers") {
    const auto resumed = resume();
    CHECK(resumed.ok() == !arrived);
    if (resumed.ok()) CHECK(resumed->status().state() == v1::DOMAIN_STATE_RUNNING);
    if (arrived) CHECK(ReasonOf(resumed.status()) == v1::REASON_DOMAIN_STATE);
    CHECK(pair.source.running() + pair.destination.running() == 1);
  }
  SECTION("when it has forgotten: the second time is the user's word") {
    pair.destination.clock.Advance(absl::Hours(2));
    CHECK(ReasonOf(resume().status()) == v1::REASON_DOMAIN_STATE);
    CHECK(pair.source.running() == 0);
    CHECK(resume().ok());
    CHECK(pair.source.running() == 1);
  }
  pair.SettleAgain();
}

// Whoever has these permissions, for one domain.
auth::Access::Pointer With(const auth::PolicySource& source, const char* permission) {
  return std::make_shared<const auth::Access>(
      std::make_shared<const auth::Authority>(
          auth::Identity{.proof = auth::Proof::kUnix, .text = "unix:alice(1000)", .uid = 1000, .user = "alice"},
          &source),
      permission);
}
std::shared_ptr<const auth::Policy> Role(std::vector<std::string> permissions, const std::string& name) {
  return auth::Policy::Create(
      {{{"mover", std::move(permissions)}}, {{.unix_user = "alice", .role = "mover", .restriction = {"", name, ""}}}},
      [](const std::string&) { return std::nullopt; });
}

TEST_CASE("Who may bring a guest, and take it away") {
  Pair pair;
  auth::PolicySource source(Role({"domain.migrate_in", "domain.migrate"}, "web1"));
  const auto prepare = [&](bool persistent) {
    pair.destination.access = With(source, "domain.migrate_in");
    return pair.Prepare(persistent).status();
  };
  CHECK(prepare(false).ok());
  CHECK(ReasonOf(prepare(true)) == v1::REASON_PERMISSION_DENIED);  // domain.create
  const auto migrate = [&](bool undefine) {
    v1::MigrateDomainRequest request = Pair::Request(*pair.Prepare());
    request.set_undefine_source(undefine);
    pair.source.access = With(source, "domain.migrate");
    return pair.Migrate(request);
  };
  CHECK(ReasonOf(migrate(true)) == v1::REASON_PERMISSION_DENIED);  // domain.delete
  CHECK(pair.source.running() == 1);
  SECTION("may do it") {
    pair.destination.access = auth::Access::Everything();
    CHECK(migrate(false).ok());
    return;
  }
  SECTION("may define and delete it too") {
    source.Set(Role({"domain.migrate_in", "domain.migrate", "domain.create", "domain.delete", "domain.read"}, "web1"));
    CHECK(prepare(true).ok());
    pair.destination.access = auth::Access::Everything();
    CHECK(migrate(true).ok());
    return;
  }
  SECTION("only another domain") {
    source.Set(Role({"domain.migrate_in", "domain.migrate"}, "web2"));
    CHECK(ReasonOf(prepare(false)) == v1::REASON_PERMISSION_DENIED);
    pair.destination.access = auth::Access::Everything();
    CHECK(ReasonOf(migrate(false)) == v1::REASON_DOMAIN_NOT_FOUND);
  }
  CHECK(pair.source.running() == 1);
}

TEST_CASE("A guest that does not run, or ends with a connection, stays") {
  Pair pair;
  const auto ticket = pair.Prepare();
  v1::DomainVerbRequest verb;
  verb.set_name(kName);
  SECTION("suspended") {
    REQUIRE(pair.source.Call<v1::Domain>(&ManagerImpl::SuspendDomain, verb).ok());
  }
  SECTION("destroyed") {
    REQUIRE(pair.source.Call<v1::Domain>(&ManagerImpl::DestroyDomain, verb).ok());
  }
  CHECK(ReasonOf(pair.Migrate(Pair::Request(*ticket))) == v1::REASON_DOMAIN_STATE);
}

TEST_CASE("Each side's failure leaves the guest where it was") {
  Pair pair;
  SECTION("the source cannot write") {
    pair.source.fake.Fail("Save", absl::InternalError("injected"));
  }
  SECTION("the destination cannot restore") {
    pair.destination.fake.Fail("Restore", absl::InternalError("injected"));
  }
  SECTION("the destination cannot note it") {
    pair.destination.fake.Fail("StoreNote", absl::InternalError("injected"));
  }
  SECTION("the destination cannot let it run") {
    pair.destination.fake.Fail("Unpause", absl::InternalError("injected"));
  }
  SECTION("the source cannot note it") {
    pair.source.fake.Fail("StoreNote", absl::InternalError("injected"));
  }
  const absl::Status status = pair.Migrate();
  CHECK_FALSE(status.ok());
  CHECK_THAT(std::string(status.message()), Catch::Contains("injected") || Catch::Contains("hand the guest over"));
  pair.Rest();
  CHECK(pair.source.running() == 1);
  CHECK(pair.destination.present() == 0);
  CHECK(pair.Migrate().ok());
}

v1::MigrationStart StartOf(const v1::MigrationTicket& ticket) {
  v1::MigrationStart start;
  start.set_ticket_id(ticket.id());
  start.set_ticket_secret(ticket.secret());
  return start;
}

TEST_CASE("Tickets are good once, for one domain, and in time") {
  Pair pair;
  const auto ticket = pair.Prepare();
  REQUIRE(ticket.ok());
  v1::MigrateDomainRequest request = Pair::Request(*ticket);
  request.set_ticket_secret(std::string(64, '0'));
  CHECK(ReasonOf(pair.Migrate(request)) == v1::REASON_TOKEN_REFUSED);
  v1::SettleMigrationRequest settle;
  settle.set_ticket_id(ticket->id());
  settle.set_ticket_secret(std::string(64, '0'));
  CHECK(ReasonOf(pair.destination.manager->SettleMigration(settle).status()) == v1::REASON_TOKEN_REFUSED);
  SECTION("used") {
    REQUIRE(pair.Migrate(Pair::Request(*ticket)).ok());
    CHECK(ReasonOf(pair.destination.manager->ReceiveDomain(StartOf(*ticket), {}).status()) == v1::REASON_TOKEN_REFUSED);
  }
  SECTION("given up before it was used") {
    settle.set_ticket_secret(ticket->secret());
    CHECK_FALSE(pair.destination.manager->SettleMigration(settle)->arrived());
    CHECK(ReasonOf(pair.Migrate(Pair::Request(*ticket))) == v1::REASON_TOKEN_REFUSED);
    CHECK(pair.source.running() == 1);
  }
  SECTION("expired") {
    pair.destination.clock.Advance(absl::Minutes(6));
    CHECK(ReasonOf(pair.Migrate(Pair::Request(*ticket))) == v1::REASON_TOKEN_REFUSED);
    CHECK(pair.source.running() == 1);
  }
}

TEST_CASE("What cannot be prepared or begun") {
  Pair pair;
  v1::PrepareMigrationRequest request;
  request.set_name("web1");
  request.set_uid(kUid);
  const auto refused = [&] {
    return ReasonOf(pair.destination.manager->PrepareMigration(pair.destination.caller(), request).status());
  };
  CHECK(refused() == v1::REASON_NAME_INVALID);
  request.set_name("hypervisors/none/domains/web1");
  CHECK(refused() == v1::REASON_HYPERVISOR_NOT_FOUND);
  request.set_name(kName);
  request.set_uid("none");
  CHECK(refused() == v1::REASON_REQUEST_INVALID);
  v1::MigrateDomainRequest migrate = Pair::Request(*pair.Prepare());
  migrate.set_destination("nowhere");
  CHECK(ReasonOf(pair.Migrate(migrate)) == v1::REASON_REQUEST_INVALID);
  REQUIRE(pair.Migrate().ok());
  request.set_uid(kUid);
  CHECK(refused() == v1::REASON_DOMAIN_STATE);  // it runs there
  CHECK(ReasonOf(pair.Migrate(migrate)) == v1::REASON_DOMAIN_STATE);
}

}  // namespace
}  // namespace reeve::state

// Guests that move between two daemons, each over a Xen of its own (a fake): the connection breaks at every step, on
// either side, and one guest runs.
#include <unistd.h>

#include <catch2/catch.hpp>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "auth/access.h"
#include "auth/policy.h"
#include "daemon/state/fixture.h"
#include "drivers/xen/fake_toolstack.h"
#include "drivers/xen/xen_driver.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

constexpr char kUid[] = "8c2f1f2e-5d8f-4f4e-9f4b-6f1f2e3d4c5b";
constexpr char kName[] = "hypervisors/xen/domains/web1";

// Where the connection breaks.
struct Break {
  enum class When { kNever, kBefore, kBehind };  // the message is lost, or it comes and nothing else does
  When when = When::kNever;
  bool answer = false;  // an answer of the destination, else a message of the source
  int number = 0;       // which of them
  int settle_failures = 0;
};

// A host: a daemon's manager over the Xen driver over a fake of Xen.
struct Host : Fixture {
  Host() {
    auto loaded = xen::LibxlLibrary::Load();
    if (!loaded.ok()) throw std::runtime_error(loaded.status().ToString());
    library = *loaded;
    Boot();
  }
  ~Host() {
    Close();
    options.drivers.clear();  // they use the fake, which goes before them
  }
  // The daemon begins, over guests that are there.
  void Boot() {
    Close();
    options.drivers.clear();
    xen::XenDriverOptions driver_options{.state_directory = directory.path() + "/xen", .library = library};
    driver_options.toolstack = std::make_unique<xen::FakeToolstack>(&fake, library);
    options.drivers.push_back(std::make_shared<xen::XenDriver>(std::move(driver_options)));
    Open();
  }
  absl::StatusOr<v1::Domain> Look() const {
    v1::GetDomainRequest request;
    request.set_name(kName);
    return manager->GetDomain(Caller(), request);
  }
  // Machines of the domain, and those of them that run.
  int present() const {
    return Count([](const xen::GuestFacts&) { return true; });
  }
  int running() const {
    return Count([](const xen::GuestFacts& facts) { return !facts.paused && !facts.stopped; });
  }
  template <typename Predicate>
  int Count(Predicate predicate) const {
    int count = 0;
    for (const uint32_t domid : fake.domids()) {
      const xen::GuestFacts facts = fake.domain(domid).facts;
      if (facts.uuid == kUid && predicate(facts)) ++count;
    }
    return count;
  }

  xen::FakeXen fake;
  std::shared_ptr<const xen::LibxlLibrary> library;
};

// The source's stream to the destination, in one process.
class TestLink final : public migration::Link {
 public:
  TestLink(Host* destination, const Break& fault) : destination_(*destination), fault_(fault) {}
  ~TestLink() override { Cut(); }

  absl::Status Send(const v1::MigrationMessage& message, const std::function<bool()>&) override {
    const int number = sent_++;
    const bool hit = !fault_.answer && fault_.number == number;
    if (hit && fault_.when == Break::When::kBefore) Cut();
    if (const absl::Status status = ended(); !status.ok()) return status;
    absl::Status status = Deliver(message);
    if (!status.ok()) {
      Cut();
      return status;
    }
    if (hit && fault_.when == Break::When::kBehind) Cut();
    return absl::OkStatus();
  }

  absl::StatusOr<v1::MigrationAnswer> Receive(const std::function<bool()>&) override {
    const absl::MutexLock lock(&inbox_->mutex);
    const auto something = [this]() { return !inbox_->answers.empty() || inbox_->ended.has_value(); };
    if (!inbox_->mutex.AwaitWithTimeout(absl::Condition(&something), absl::Seconds(20))) {
      return absl::DeadlineExceededError("the test hangs");
    }
    if (inbox_->answers.empty()) return *inbox_->ended;
    v1::MigrationAnswer answer = inbox_->answers.front();
    inbox_->answers.pop_front();
    return answer;
  }

  void Close() override { Cut(); }

 private:
  struct Inbox {
    absl::Mutex mutex;
    std::deque<v1::MigrationAnswer> answers;
    std::optional<absl::Status> ended;
    int number = 0;
    Break fault;
  };

  absl::Status Deliver(const v1::MigrationMessage& message) {
    switch (message.message_case()) {
      case v1::MigrationMessage::kStart: {
        inbox_->fault = fault_;
        auto incoming = destination_.manager->ReceiveDomain(
            message.start(), {.answer = [inbox = inbox_](const v1::MigrationAnswer& answer) { Put(*inbox, answer); },
                              .fail = [inbox = inbox_](const absl::Status& status) { End(*inbox, status); }});
        if (!incoming.ok()) return incoming.status();
        incoming_ = *incoming;
        return absl::OkStatus();
      }
      case v1::MigrationMessage::kMemory:
        return incoming_->Memory(message.memory());
      case v1::MigrationMessage::kMemoryEnd:
        return incoming_->MemoryEnd();
      case v1::MigrationMessage::kGo:
        return incoming_->Go();
      default:
        return absl::InternalError("a message of no kind");
    }
  }
  // An answer that is lost is one that the source does not see, and behind which the connection is broken.
  static void Put(Inbox& inbox, const v1::MigrationAnswer& answer) {
    const absl::MutexLock lock(&inbox.mutex);
    const bool hit = inbox.fault.answer && inbox.fault.number == inbox.number++;
    if (hit && inbox.fault.when == Break::When::kBefore) inbox.ended = absl::UnavailableError("the connection broke");
    if (inbox.ended.has_value()) return;
    inbox.answers.push_back(answer);
    if (hit) inbox.ended = absl::UnavailableError("the connection broke");
  }
  static void End(Inbox& inbox, const absl::Status& status) {
    const absl::MutexLock lock(&inbox.mutex);
    if (!inbox.ended.has_value()) inbox.ended = status;
  }
  // With the destination's reason where it gave one.
  absl::Status ended() const {
    const absl::MutexLock lock(&inbox_->mutex);
    return inbox_->ended.value_or(absl::OkStatus());
  }
  void Cut() {
    End(*inbox_, absl::UnavailableError("the connection broke"));
    if (incoming_ != nullptr) incoming_->Broken("the connection broke");
  }

  Host& destination_;
  const Break fault_;
  int sent_ = 0;
  std::shared_ptr<migration::Incoming> incoming_;
  const std::shared_ptr<Inbox> inbox_ = std::make_shared<Inbox>();
};

class TestDestination final : public migration::Destination {
 public:
  TestDestination(Host* host, const Break& fault, std::string id, std::string secret)
      : host_(*host), fault_(fault), id_(std::move(id)), secret_(std::move(secret)) {}
  absl::StatusOr<std::unique_ptr<migration::Link>> Connect() override {
    return std::make_unique<TestLink>(&host_, fault_);
  }
  absl::StatusOr<v1::MigrationOutcome> Settle() override {
    if (fault_.settle_failures-- > 0) return absl::UnavailableError("nobody answers");
    v1::SettleMigrationRequest request;
    request.set_ticket_id(id_);
    request.set_ticket_secret(secret_);
    return host_.manager->SettleMigration(request);
  }

 private:
  Host& host_;
  Break fault_;
  const std::string id_;
  const std::string secret_;
};

struct Pair {
  Pair() {
    // Options are taken when a manager begins.
    source.options.open_destination =
        [this](const std::string& uri, const std::string& id,
               const std::string& secret) -> absl::StatusOr<std::unique_ptr<migration::Destination>> {
      if (uri != "xen+tls://there/") return absl::InvalidArgumentError("is no destination");
      return std::make_unique<TestDestination>(&destination, fault, id, secret);
    };
    source.options.wait = [](absl::Duration) {};
    source.Boot();
    v1::CreateDomainRequest create;
    create.set_parent("hypervisors/xen");
    create.mutable_domain()->set_name("web1");
    create.mutable_domain()->set_uid(kUid);
    v1::DomainSpec& spec = *create.mutable_domain()->mutable_spec();
    spec.set_memory_kib(65536);
    spec.set_vcpus(1);
    spec.mutable_os()->set_type("linux");
    spec.mutable_os()->set_kernel("/boot/vmlinuz");
    REQUIRE(source.Call<v1::Domain>(&ManagerImpl::CreateDomain, create).ok());
    Start();
  }
  void Start() {
    v1::StartDomainRequest start;
    start.set_name(kName);
    REQUIRE(source.Call<v1::Domain>(&ManagerImpl::StartDomain, start).ok());
  }
  absl::StatusOr<v1::MigrationTicket> Prepare(bool persistent = false, bool paused = false) {
    v1::PrepareMigrationRequest request;
    request.set_name(kName);
    request.set_uid(kUid);
    request.set_persistent(persistent);
    request.set_paused(paused);
    return destination.manager->PrepareMigration(destination.caller(), request);
  }
  static v1::MigrateDomainRequest Request(const v1::MigrationTicket& ticket) {
    v1::MigrateDomainRequest request;
    request.set_name(kName);
    request.set_destination("xen+tls://there/");
    request.set_ticket_id(ticket.id());
    request.set_ticket_secret(ticket.secret());
    return request;
  }
  absl::Status Migrate(const v1::MigrateDomainRequest& request) {
    return Ended(source.Call<v1::Operation>(&ManagerImpl::MigrateDomain, request));
  }
  absl::Status Migrate() {
    const auto ticket = Prepare();
    REQUIRE(ticket.ok());
    return Migrate(Request(*ticket));
  }
  absl::Status Ended(const absl::StatusOr<v1::Operation>& operation) {
    if (!operation.ok()) return operation.status();
    std::promise<absl::StatusOr<v1::Operation>> promise;
    v1::WaitOperationRequest wait;
    wait.set_name(operation->name());
    source.manager->WaitOperation(source.caller(), wait,
                                  [&](absl::StatusOr<v1::Operation> ended) { promise.set_value(std::move(ended)); });
    const auto ended = promise.get_future().get();
    REQUIRE(ended.ok());
    REQUIRE(ended->done());
    return ended->has_error() ? FromRpcStatus(ended->error()) : absl::OkStatus();
  }
  // The source asks the destination once more.
  void SettleAgain() {
    source.timers.Advance(absl::Minutes(1));
    v1::StartDomainRequest start;
    start.set_name(kName);
    start.set_validate_only(true);
    (void)source.Call<v1::Domain>(&ManagerImpl::StartDomain, start);  // waits for the domain's queue
  }
  // Waits until the destination's jobs have ended.
  void Rest() {
    const v1::ListOperationsResponse operations = destination.manager->ListOperations(destination.caller(), {});
    for (const v1::Operation& operation : operations.operations()) {
      std::promise<void> ended;
      v1::WaitOperationRequest wait;
      wait.set_name(operation.name());
      destination.manager->WaitOperation(destination.caller(), wait, [&](const auto&) { ended.set_value(); });
      ended.get_future().get();
    }
  }

  Host destination;
  Host source;
  Break fault;
};

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

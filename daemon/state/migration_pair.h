// For tests: two daemons, each over a Xen of its own (a fake), between which a guest moves in one process; the
// connection breaks where a test says so.
#pragma once

#include <catch2/catch.hpp>
#include <deque>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "daemon/state/fixture.h"
#include "drivers/xen/fake_toolstack.h"
#include "drivers/xen/xen_driver.h"
#include "proto/status.h"

namespace reeve::state {

inline constexpr char kUid[] = "8c2f1f2e-5d8f-4f4e-9f4b-6f1f2e3d4c5b";
inline constexpr char kName[] = "hypervisors/xen/domains/web1";

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

}  // namespace reeve::state

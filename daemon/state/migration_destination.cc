// Guests that come from another host.
#include <memory>
#include <optional>
#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "daemon/state/long_job.h"
#include "daemon/state/names.h"
#include "formats/domain_name.h"
#include "formats/uuid.h"
#include "proto/invalid_request.h"
#include "util/log.h"

namespace reeve::state {
namespace {

// How long a question waits for a decision that is being made; the source asks again.
constexpr absl::Duration kSettleTime = absl::Seconds(10);

// Outcomes are kept as the answers of calls are, of a caller that there is not: ids are those of tickets, digests those
// of their secrets, methods say how far it has come.
constexpr absl::string_view kOutcomes = "migration tickets";
constexpr absl::string_view kRestored = "restored";  // the response: UUID and run
constexpr absl::string_view kArrived = "arrived";
constexpr absl::string_view kGivenUp = "given up";

// Takes part in a decision that has not been made yet, whatever becomes of the job.
class Decision {
 public:
  explicit Decision(std::shared_ptr<migration::Incoming> incoming) : incoming_(std::move(incoming)) {}
  ~Decision() {
    if (incoming_ != nullptr) incoming_->Decide(false);
  }
  Decision(const Decision&) = delete;
  Decision& operator=(const Decision&) = delete;
  void Arrived() { std::exchange(incoming_, nullptr)->Decide(true); }

 private:
  std::shared_ptr<migration::Incoming> incoming_;
};

RequestRecord OutcomeOf(absl::string_view ticket, absl::string_view digest, absl::string_view method,
                        std::string response = "") {
  return {std::string(kOutcomes), std::string(ticket), std::string(method), std::string(digest), std::move(response)};
}

}  // namespace

absl::StatusOr<v1::MigrationTicket> ManagerImpl::PrepareMigration(const Caller& caller,
                                                                  const v1::PrepareMigrationRequest& request) {
  static constexpr absl::string_view kVerb = "prepare a migration";
  const auto fail = [](const absl::Status& status) { return WithContext(kVerb, status); };
  if (core_->draining_.load()) return fail(Error(v1::REASON_DAEMON_DRAINING, "the daemon is ending"));
  const formats::DomainNameParts parts = formats::SplitDomainResourceName(request.name());
  if (!formats::CheckDomainName(parts.name).ok()) {
    return fail(Error(v1::REASON_NAME_INVALID, "name must be hypervisors/{hypervisor}/domains/{domain}"));
  }
  migration::TicketTerms terms;
  terms.hypervisor = std::string(parts.hypervisor);
  terms.name = std::string(parts.name);
  const std::string name = Target{terms.hypervisor, terms.name, "", ""}.resource_name();
  if (caller.access->Decide(name) != auth::Access::Decision::kAllowed) return fail(caller.access->Denied(name));
  if (request.persistent()) {
    if (absl::Status status = Need(*caller.access, "domain.create", name); !status.ok()) return fail(status);
  }
  absl::StatusOr<std::string> uid = formats::ParseUuid(request.uid());
  if (!uid.ok()) return fail(Invalid("uid", "must be the UUID of the domain"));
  terms.uid = *std::move(uid);
  absl::StatusOr<drivers::HypervisorDriver*> driver = core_->AvailableDriverOf(terms.hypervisor);
  if (!driver.ok()) return fail(driver.status());
  if (absl::Status status = (*driver)->CanStartFromMemory(); !status.ok()) return fail(DriverError(status));
  // What can be seen now; it is looked at again when the guest comes.
  const EntryPointer entry = core_->registry_.snapshot()->Find(terms.hypervisor, terms.name);
  if (entry != nullptr && entry->key->uid != terms.uid) {
    return fail(Error(v1::REASON_DOMAIN_EXISTS, "there is another domain of this name", {{"name", request.name()}}));
  }
  if (entry != nullptr && IsActive(entry->state)) return fail(StateError(*entry));
  terms.persistent = request.persistent();
  terms.paused = request.paused();
  terms.requestor = caller.identity;
  terms.access = caller.access;
  absl::StatusOr<v1::MigrationTicket> ticket = core_->tickets_.Issue(std::move(terms));
  if (!ticket.ok()) return fail(ticket.status());
  return ticket;
}

absl::Status Core::KeepOutcome(RequestRecord record) {
  Transaction transaction;
  transaction.time = options_.clock->Now();
  transaction.request = &record;
  return store_->Write(transaction);
}

absl::Status Core::ReceiveJob(ChangeContext& context, const std::string& ticket, const migration::TicketTerms& terms,
                              const v1::DomainSpec& spec, migration::Incoming& incoming, drivers::Progress* progress) {
  absl::StatusOr<drivers::HypervisorDriver*> driver = AvailableDriverOf(terms.hypervisor);
  if (!driver.ok()) return driver.status();
  store::v1::ImageHead head;
  head.set_hypervisor(terms.hypervisor);
  head.set_name(terms.name);
  head.set_uid(terms.uid);
  *head.mutable_spec() = spec;
  const Target target{terms.hypervisor, terms.name, "", ""};
  absl::StatusOr<ImageRecord> image = RecordForImage(context, *driver, target, head);
  if (!image.ok()) return image.status();
  if (terms.persistent) image->record.mutable_domain()->mutable_status()->set_persistent(true);
  // Stored together with the guest: a daemon that comes back answers the source by it.
  RequestRecord arrived = OutcomeOf(ticket, terms.digest, kArrived);
  context.request = &arrived;
  Launch launch;
  launch.paused = terms.paused;
  launch.spec = spec;
  launch.reason = v1::DOMAIN_STATE_REASON_MIGRATED;
  launch.detail = v1::EVENT_DETAIL_STARTED_MIGRATED;
  std::optional<drivers::DomainKey> confirmed;
  launch.start = [&](const drivers::DomainKey& key) -> absl::StatusOr<drivers::RunningGuest> {
    incoming.Accept();
    progress->Report("memory", 0);
    absl::StatusOr<drivers::RunningGuest> guest =
        (*driver)->StartFromMemory(key, spec, incoming.descriptor(), progress);
    if (!guest.ok()) return guest;
    progress->Report("take over", 95);
    // Before the source can hand it over: from then on it may ask.
    absl::Status status = KeepOutcome(OutcomeOf(ticket, terms.digest, kRestored, absl::StrCat(key.uid, " ", key.run)));
    if (status.ok()) status = incoming.AwaitGo([progress] { return progress->Cancelled(); });
    if (status.ok()) status = (*driver)->Confirm(key, terms.paused);
    if (!status.ok()) {
      if (auto destroyed = (*driver)->Destroy(key); !destroyed.ok()) {
        util::LogError("destroy ", target.resource_name(), " again: ", destroyed.status().message());
      }
      return status;
    }
    guest->paused = terms.paused;
    confirmed = key;
    return guest;
  };
  absl::Status status = StartGuest(context, *driver, target, std::move(image->record), launch).status();
  if (!status.ok() && confirmed.has_value() && (*driver)->Sample(*confirmed).ok()) {
    // It could be neither stored nor ended: what runs here must not run at the source. It will be stored.
    util::LogError(target.resource_name(), ": ", status.message());
    return absl::OkStatus();
  }
  if (!status.ok()) {
    // So is the end in store for a question that comes behind a restart. If this is not stored, the guest that is not
    // there says the same.
    if (absl::Status kept = KeepOutcome(OutcomeOf(ticket, terms.digest, kGivenUp)); !kept.ok()) {
      util::LogWarn(target.resource_name(), ": ", kept.message());
    }
  }
  return status;
}

absl::StatusOr<std::shared_ptr<migration::Incoming>> ManagerImpl::ReceiveDomain(const v1::MigrationStart& start,
                                                                                migration::Incoming::Replies replies) {
  Core* const core = core_.get();
  static constexpr absl::string_view kVerb = "receive a domain";
  const auto fail = [](const absl::Status& status) { return WithContext(kVerb, status); };
  if (core->draining_.load()) return fail(Error(v1::REASON_DAEMON_DRAINING, "the daemon is ending"));
  absl::StatusOr<std::shared_ptr<migration::Incoming>> incoming = migration::Incoming::Create(std::move(replies));
  if (!incoming.ok()) return fail(incoming.status());
  absl::StatusOr<migration::TicketTerms> terms =
      core->tickets_.Take(start.ticket_id(), start.ticket_secret(), *incoming);
  if (!terms.ok()) return fail(terms.status());
  auto decision = std::make_shared<Decision>(*incoming);
  // From here on the ticket has been used, and an end without the job is an end for the source.
  absl::Status status = core->options_.formats.check ? core->options_.formats.check(start.spec()) : absl::OkStatus();
  if (!status.ok()) return fail(status);
  const Target target{terms->hypervisor, terms->name, "", ""};
  const std::string name = target.resource_name();
  absl::StatusOr<v1::Operation> operation = core->operations_.Begin("domain.migrate_in", name, terms->requestor);
  if (!operation.ok()) return fail(operation.status());
  status = core->executor_.Submit(name, [core, name, terms = *terms, ticket = start.ticket_id(), spec = start.spec(),
                                         incoming = *incoming, decision, operation = operation->name()] {
    ChangeContext context;
    context.requestor = terms.requestor;
    context.access = terms.access;
    context.operation = operation;
    absl::Status status = core->unstored_.Flush(name);
    const std::shared_ptr<drivers::Progress> progress = core->operations_.ProgressOf(operation);
    if (status.ok() && progress != nullptr) {
      status = core->ReceiveJob(context, ticket, terms, spec, *incoming, progress.get());
      if (status.ok()) decision->Arrived();
    }
    if (!status.ok()) incoming->Fail(status);
    core->operations_.End(operation, WithContext(absl::StrCat("receive ", name), status));
  });
  if (status.ok()) return incoming;
  core->operations_.End(operation->name(), status);
  return fail(status);
}

absl::StatusOr<v1::MigrationOutcome> Core::FindOutcome(const v1::SettleMigrationRequest& request) {
  absl::StatusOr<std::optional<RequestRecord>> record =
      store_->FindRequest(kOutcomes, request.ticket_id(), options_.clock->Now() - options_.limits.request_age);
  if (!record.ok()) return record.status();
  if (!record->has_value() || (*record)->digest != migration::TicketDigest(request.ticket_secret())) {
    return migration::TicketRefused();
  }
  v1::MigrationOutcome outcome;
  if ((*record)->method == kArrived) outcome.set_arrived(true);
  if ((*record)->method == kRestored) {
    // An earlier daemon has not come further. Its guest is here when it had been told to go.
    const std::pair<std::string, std::string> guest = absl::StrSplit((*record)->response, ' ');
    uint64_t run = 0;
    const EntryPointer entry = registry_.snapshot()->FindUid(guest.first);
    outcome.set_arrived(entry != nullptr && absl::SimpleAtoi(guest.second, &run) && entry->run == run &&
                        IsActive(entry->state));
  }
  return outcome;
}

absl::StatusOr<v1::MigrationOutcome> ManagerImpl::SettleMigration(const v1::SettleMigrationRequest& request) {
  const auto fail = [](const absl::Status& status) { return WithContext("settle a migration", status); };
  absl::StatusOr<std::shared_ptr<migration::Incoming>> incoming =
      core_->tickets_.Find(request.ticket_id(), request.ticket_secret());
  if (!incoming.ok()) {
    // Perhaps one of an earlier daemon.
    absl::StatusOr<v1::MigrationOutcome> outcome = core_->FindOutcome(request);
    if (!outcome.ok()) return fail(outcome.status());
    return outcome;
  }
  if (*incoming == nullptr) return v1::MigrationOutcome();  // it has never begun, and cannot begin any more
  absl::StatusOr<v1::MigrationOutcome> outcome = (*incoming)->Settle(kSettleTime);
  if (!outcome.ok()) return fail(WithReason(v1::REASON_TRANSFER_FAILED, outcome.status()));
  return outcome;
}

}  // namespace reeve::state

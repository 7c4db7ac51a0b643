#include "daemon/state/core.h"

#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/state/names.h"
#include "formats/domain_name.h"
#include "proto/status.h"
#include "util/log.h"
#include "util/proto_time.h"

namespace reeve::state {
namespace {

constexpr absl::Duration kMaintenanceInterval = absl::Minutes(10);
constexpr char kMaintenanceKey[] = "maintenance";

}  // namespace

std::string Target::resource_name() const {
  return formats::DomainResourceName(hypervisor, name);
}

v1::Event ChangeContext::NewEvent(v1::EventType type, v1::EventDetail detail, v1::DomainState previous) const {
  v1::Event event;
  event.set_type(type);
  event.set_detail(detail);
  event.set_previous_state(previous);
  event.set_cause(cause);
  event.set_requestor(requestor);
  event.set_operation(operation);
  return event;
}

Core::Core(Options options, std::unique_ptr<Store> store, const std::string& instance)
    : options_(std::move(options)),
      store_(std::move(store)),
      hub_(store_.get(), &registry_, options_.timers,
           {.events = options_.limits.watch_events, .bytes = options_.limits.watch_bytes},
           options_.limits.progress_interval),
      ledger_(store_.get(), &registry_, &hub_, options_.clock, instance),
      requests_(store_.get(), options_.clock, options_.limits.request_age),
      pages_(options_.limits.page_age, options_.limits.pages),
      operations_(store_.get(), options_.clock, options_.timers, options_.limits.operation_age,
                  options_.limits.operations),
      tickets_(options_.clock),
      settling_(options_.timers, options_.limits.retry_first, options_.limits.retry_last),
      held_reports_(std::in_place),
      executor_({.waiting = options_.limits.waiting_per_domain, .threads = options_.limits.threads}),
      unstored_(&executor_, options_.timers, options_.limits.retry_first, options_.limits.retry_last) {
  const std::lock_guard<std::mutex> lock(mutex_);
  SetMaintenanceTimer();
}

Core::~Core() {
  for (HypervisorSlot& slot : slots_) slot.observer->Detach();
  util::Timers::Id timer = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
    timer = maintenance_timer_;
  }
  options_.timers->Cancel(timer);
  unstored_.Stop();
  settling_.Stop();
  executor_.WaitIdle(absl::InfiniteDuration());
}

void Core::SetMaintenanceTimer() {
  maintenance_timer_ = options_.timers->After(kMaintenanceInterval, [this] {
    SubmitMaintenance();
    const std::lock_guard<std::mutex> lock(mutex_);
    if (!ending_) SetMaintenanceTimer();
  });
}

void Core::SubmitMaintenance() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ending_ || std::exchange(maintenance_due_, true)) return;
  }
  executor_.SubmitAlways(kMaintenanceKey, [this] {
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      maintenance_due_ = false;
    }
    if (absl::Status status = Maintain(); !status.ok()) util::LogWarn("maintenance: ", status.message());
  });
}

absl::Status Core::Maintain() {
  const absl::Time now = options_.clock->Now();
  absl::Status status = store_->CompactJournal(now - absl::Seconds(journal_seconds_.load()), journal_revisions_.load());
  status.Update(store_->DropRequests(now - options_.limits.request_age));
  status.Update(operations_.Maintain());
  return status;
}

void Core::SetJournalLimits(absl::Duration age, int64_t revisions) {
  journal_seconds_.store(absl::ToInt64Seconds(age));
  journal_revisions_.store(revisions);
  SubmitMaintenance();
}

absl::Status Core::Drain(absl::Duration timeout) {
  draining_.store(true);
  if (executor_.WaitIdle(timeout)) return absl::OkStatus();
  std::vector<std::string> running = executor_.running();
  std::sort(running.begin(), running.end());
  return absl::DeadlineExceededError(
      absl::StrCat("still being changed after ", absl::FormatDuration(timeout), ": ", absl::StrJoin(running, ", ")));
}

const HypervisorSlot* Core::FindSlot(absl::string_view hypervisor) const {
  for (const HypervisorSlot& slot : slots_) {
    if (slot.name == hypervisor) return &slot;
  }
  return nullptr;
}

absl::StatusOr<drivers::HypervisorDriver*> Core::DriverOf(absl::string_view hypervisor) const {
  if (const HypervisorSlot* slot = FindSlot(hypervisor)) return slot->driver.get();
  return HypervisorNotFound(hypervisor);
}

absl::Status Core::HypervisorNotFound(absl::string_view hypervisor) {
  const std::string shown = util::EscapeControlCharacters(hypervisor.substr(0, 128));
  return Error(v1::REASON_HYPERVISOR_NOT_FOUND, absl::StrCat("there is no hypervisor ", shown),
               {{"hypervisor", shown}});
}

absl::StatusOr<drivers::HypervisorDriver*> Core::AvailableDriverOf(absl::string_view hypervisor) const {
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(hypervisor);
  if (!driver.ok()) return driver;
  const v1::Hypervisor description = (*driver)->Describe();
  if (description.available()) return driver;
  return Error(v1::REASON_HYPERVISOR_UNAVAILABLE,
               absl::StrCat("hypervisor ", hypervisor, " cannot run here: ", description.unavailable_reason()),
               {{"hypervisor", hypervisor}});
}

absl::StatusOr<drivers::HypervisorDriver*> Core::DriverNamed(absl::string_view name) const {
  const absl::StatusOr<std::string> hypervisor = ParseHypervisorName(name, /*wildcard=*/false);
  if (!hypervisor.ok()) return hypervisor.status();
  return DriverOf(*hypervisor);
}

absl::StatusOr<drivers::HypervisorDriver*> Core::AvailableDriverNamed(absl::string_view name) const {
  const absl::StatusOr<std::string> hypervisor = ParseHypervisorName(name, /*wildcard=*/false);
  if (!hypervisor.ok()) return hypervisor.status();
  return AvailableDriverOf(*hypervisor);
}

absl::StatusOr<v1::Domain> Core::Commit(ChangeContext& context, const Change& change, bool empty_response) {
  RequestRecord* request = context.recorded ? nullptr : context.request;
  absl::StatusOr<v1::Domain> domain = ledger_.Commit(change, request, empty_response);
  if (!domain.ok()) return domain;
  context.recorded = context.recorded || request != nullptr;
  const JournalRange kept = store_->journal();
  const int64_t revisions = journal_revisions_.load();
  if (kept.newest - kept.oldest > revisions + revisions / 10) {
    SubmitMaintenance();
  }
  // What it ran with is free for others.
  if (const v1::Domain& ended = change.record.domain();
      change.remove || ended.status().state() == v1::DOMAIN_STATE_SHUTOFF) {
    const auto driver = DriverOf(formats::SplitDomainResourceName(ended.name()).hypervisor);
    if (driver.ok()) Settle(*driver, ended.uid());
  }
  return domain;
}

void Core::Settle(drivers::HypervisorDriver* driver, const std::string& uid) const {
  std::vector<v1::DomainSpec> specs;
  if (const EntryPointer entry = registry_.snapshot()->FindUid(uid); entry != nullptr) {
    const store::v1::DomainRecord record = RecordOf(*entry);
    specs.push_back(record.domain().spec());
    if (record.has_running_spec()) specs.push_back(record.running_spec());
  }
  driver->Settle(uid, specs);
}

absl::StatusOr<v1::Domain> Core::CommitOrKeep(ChangeContext& context, const Target& target, const Change& change,
                                              absl::string_view what_happened) {
  Change timed = change;
  if (!timed.event.has_time()) *timed.event.mutable_time() = util::ToProto(options_.clock->Now());
  absl::StatusOr<v1::Domain> domain = Commit(context, timed);
  if (domain.ok()) return domain;
  unstored_.Add(target.resource_name(), [this, timed] {
    ChangeContext later;
    return Commit(later, timed).status();
  });
  return WithContext(absl::StrCat(what_happened, ", which cannot be stored now"), domain.status());
}

absl::StatusOr<EntryPointer> Core::Expect(const Target& target, absl::string_view etag) const {
  EntryPointer entry = registry_.snapshot()->Find(target.hypervisor, target.name);
  if (entry == nullptr || (!target.uid.empty() && target.uid != entry->key->uid)) {
    return Error(v1::REASON_DOMAIN_NOT_FOUND, absl::StrCat("there is no domain ", target.resource_name()),
                 {{"name", target.resource_name()}});
  }
  if (etag.empty()) return entry;
  if (const std::string present = DomainOf(*entry).etag(); etag != present) {
    return Error(v1::REASON_ETAG_MISMATCH, "the domain was changed since it was read: its etag is another",
                 {{"etag", present}});
  }
  return entry;
}

absl::StatusOr<EntryPointer> Core::ExpectPersistent(const Target& target, absl::string_view etag,
                                                    absl::string_view message) const {
  absl::StatusOr<EntryPointer> entry = Expect(target, etag);
  if (!entry.ok() || (*entry)->persistent) return entry;
  return Error(v1::REASON_DOMAIN_TRANSIENT, message, {{"name", target.resource_name()}});
}

absl::StatusOr<Target> Core::TargetOf(const Caller& caller, absl::string_view name) const {
  absl::StatusOr<EntryPointer> entry = Find(caller, name);
  if (entry.ok()) return Target{(*entry)->key->hypervisor, (*entry)->key->name, (*entry)->key->uid, ""};
  // It may be being created: a change waits in the queue of that name, and finds out when its turn comes.
  const formats::DomainNameParts parts = formats::SplitDomainResourceName(name);
  if (ReasonOf(entry.status()) == v1::REASON_DOMAIN_NOT_FOUND && formats::CheckDomainName(parts.name).ok() &&
      caller.access->Decide(formats::DomainResourceName(parts.hypervisor, parts.name)) ==
          auth::Access::Decision::kAllowed) {
    return Target{std::string(parts.hypervisor), std::string(parts.name), "", ""};
  }
  return entry.status();
}

void MarkEnded(store::v1::DomainRecord* record, v1::DomainStateReason reason, absl::string_view message,
               absl::Time time) {
  v1::DomainStatus& status = *record->mutable_domain()->mutable_status();
  status.set_state(v1::DOMAIN_STATE_SHUTOFF);
  status.set_reason(reason);
  status.set_message(std::string(message));
  *status.mutable_state_time() = util::ToProto(time);
  status.clear_start_time();
  status.clear_id();
  status.clear_supervisor_pid();
  status.clear_warnings();
  status.clear_updated();
  status.clear_auto_destroy();
  status.clear_interfaces();
  status.clear_displays();
  record->clear_running_spec();
}

v1::DomainState StateOf(const drivers::RunningGuest& guest) {
  if (guest.kept != v1::DOMAIN_STATE_UNSPECIFIED) return guest.kept;
  if (guest.asleep) return v1::DOMAIN_STATE_PMSUSPENDED;
  return guest.paused ? v1::DOMAIN_STATE_PAUSED : v1::DOMAIN_STATE_RUNNING;
}

void MarkRunning(store::v1::DomainRecord* record, const drivers::RunningGuest& guest, uint64_t run,
                 v1::DomainStateReason reason, absl::Time time) {
  v1::DomainStatus& status = *record->mutable_domain()->mutable_status();
  status.set_state(StateOf(guest));
  status.set_reason(reason);
  status.clear_message();
  *status.mutable_state_time() = util::ToProto(time);
  *status.mutable_start_time() = util::ToProto(guest.start_time);
  status.mutable_warnings()->Assign(guest.warnings.begin(), guest.warnings.end());
  status.set_id(guest.id);
  status.set_supervisor_pid(guest.supervisor_pid);
  status.mutable_interfaces()->Assign(guest.interfaces.begin(), guest.interfaces.end());
  status.mutable_displays()->Assign(guest.displays.begin(), guest.displays.end());
  status.set_run(run);
}

drivers::DomainKey KeyOf(const Entry& entry) {
  return {entry.key->name, entry.key->uid, entry.run};
}

absl::Status DriverError(const absl::Status& status) {
  return WithReason(v1::REASON_DRIVER_FAILED, status);
}

absl::Status StateError(const Entry& entry) {
  const char* state = "is in a state that does not allow it";
  switch (entry.state) {
    case v1::DOMAIN_STATE_RUNNING:
      state = "is running";
      break;
    case v1::DOMAIN_STATE_PAUSED:
      state = "is paused";
      break;
    case v1::DOMAIN_STATE_SHUTOFF:
      state = "is not running";
      break;
    case v1::DOMAIN_STATE_SHUTDOWN:
      state = "is shutting down";
      break;
    case v1::DOMAIN_STATE_CRASHED:
      state = "has crashed";
      break;
    default:
      break;
  }
  const std::string name = ResourceName(*entry.key);
  absl::Status status = Error(v1::REASON_DOMAIN_STATE, absl::StrCat("the domain ", state),
                              {{"name", name}, {"state", v1::DomainState_Name(entry.state)}});
  AddPreconditionViolation(&status, "STATE", name, state);
  return status;
}

}  // namespace reeve::state

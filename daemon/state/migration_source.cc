// Guests that leave for another host.
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "daemon/state/long_job.h"
#include "daemon/state/names.h"
#include "proto/invalid_request.h"
#include "util/log.h"
#include "util/proto_time.h"

namespace reeve::state {
namespace {

constexpr char kQuestions[] = "migration/";

// How the destination of one run of a guest is asked: a MigrateDomainRequest.
std::string MetaKey(absl::string_view uid, uint64_t run) {
  return absl::StrCat(kQuestions, uid, "/", run);
}

bool StandsStill(const Entry& entry) {
  return entry.state == v1::DOMAIN_STATE_PAUSED &&
         DomainOf(entry).status().reason() == v1::DOMAIN_STATE_REASON_MIGRATING;
}

void ForgetQuestion(Store& store, absl::string_view uid, uint64_t run) {
  // One that stays is dropped by the next daemon.
  if (absl::Status status = store.DropMeta(MetaKey(uid, run)); !status.ok()) util::LogWarn(status.message());
}

}  // namespace

absl::Status Core::CheckCanMigrate(const Target& target, absl::string_view etag, const auth::Access& access,
                                   bool undefine) const {
  if (!options_.open_destination) {
    return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "this daemon connects to no other");
  }
  const std::string name = target.resource_name();
  if (undefine) {
    if (absl::Status status = Need(access, "domain.delete", name); !status.ok()) return status;
  }
  absl::StatusOr<EntryPointer> entry = Expect(target, etag);
  if (!entry.ok()) return entry.status();
  // What is suspended would run at the destination.
  if ((*entry)->state != v1::DOMAIN_STATE_RUNNING) return StateError(**entry);
  if (DomainOf(**entry).status().auto_destroy()) {
    return Error(v1::REASON_DOMAIN_STATE, "the domain ends with the connection that started it, which stays here");
  }
  return CheckCanSend(target, "");
}

absl::Status Core::StandStill(ChangeContext& context, const Target& target, uint64_t run,
                              const v1::MigrateDomainRequest& request) {
  absl::StatusOr<EntryPointer> entry = Expect(target, "");
  if (!entry.ok()) return entry.status();
  absl::Status status = store_->PutMeta(MetaKey((*entry)->key->uid, run), request.SerializeAsString());
  if (!status.ok()) return status;
  Change change;
  change.record = RecordOf(**entry);
  v1::DomainStatus& domain_status = *change.record.mutable_domain()->mutable_status();
  domain_status.set_state(v1::DOMAIN_STATE_PAUSED);
  domain_status.set_reason(v1::DOMAIN_STATE_REASON_MIGRATING);
  *domain_status.mutable_state_time() = util::ToProto(options_.clock->Now());
  change.event = context.NewEvent(v1::EVENT_TYPE_SUSPENDED, v1::EVENT_DETAIL_SUSPENDED_MIGRATED, (*entry)->state);
  return Commit(context, change).status();
}

absl::Status Core::HasMoved(ChangeContext& context, const Target& target, const v1::MigrateDomainRequest& request) {
  absl::StatusOr<EntryPointer> entry = Expect(target, "");
  if (!entry.ok()) return entry.status();
  Change change;
  change.record = RecordOf(**entry);
  MarkEnded(&change.record, v1::DOMAIN_STATE_REASON_MIGRATED_AWAY, "", options_.clock->Now());
  change.remove = !(*entry)->persistent || request.undefine_source();
  change.event = context.NewEvent(v1::EVENT_TYPE_STOPPED, v1::EVENT_DETAIL_STOPPED_MIGRATED, (*entry)->state);
  absl::Status status = CommitOrKeep(context, target, change, "the guest has moved").status();
  ForgetQuestion(*store_, (*entry)->key->uid, (*entry)->run);
  return status;
}

absl::Status Core::RunsOn(ChangeContext& context, const Target& target, absl::string_view message) {
  absl::StatusOr<EntryPointer> entry = Expect(target, "");
  if (!entry.ok()) return entry.status();
  absl::Status status = absl::OkStatus();
  if (StandsStill(**entry)) {
    Change change;
    change.record = RecordOf(**entry);
    v1::DomainStatus& domain_status = *change.record.mutable_domain()->mutable_status();
    domain_status.set_state(v1::DOMAIN_STATE_RUNNING);
    domain_status.set_reason(v1::DOMAIN_STATE_REASON_UNPAUSED);
    domain_status.clear_message();
    *domain_status.mutable_state_time() = util::ToProto(options_.clock->Now());
    change.event = context.NewEvent(v1::EVENT_TYPE_RESUMED, v1::EVENT_DETAIL_RESUMED_UNPAUSED, (*entry)->state);
    change.event.set_message(std::string(message));
    status = CommitOrKeep(context, target, change, "the guest runs on").status();
  }
  ForgetQuestion(*store_, (*entry)->key->uid, (*entry)->run);
  return status;
}

absl::Status Core::MigrateJob(ChangeContext& context, const Target& target, const v1::MigrateDomainRequest& request,
                              drivers::Progress* progress) {
  absl::Status status = CheckCanMigrate(target, "", *context.access, request.undefine_source());
  if (!status.ok()) return status;
  absl::StatusOr<EntryPointer> entry = Expect(target, "");
  if (!entry.ok()) return entry.status();
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  const drivers::DomainKey key = KeyOf(**entry);
  absl::StatusOr<std::unique_ptr<migration::Destination>> destination =
      options_.open_destination(request.destination(), request.ticket_id(), request.ticket_secret());
  if (!destination.ok()) {
    if (destination.status().code() == absl::StatusCode::kInvalidArgument) {
      return Invalid("destination", destination.status().message());
    }
    return WithReason(v1::REASON_TRANSFER_FAILED, destination.status());
  }

  migration::OutgoingOptions options;
  options.start.set_ticket_id(request.ticket_id());
  options.start.set_ticket_secret(request.ticket_secret());
  const store::v1::DomainRecord record = RecordOf(**entry);
  *options.start.mutable_spec() = record.has_running_spec() ? record.running_spec() : record.domain().spec();
  options.live = request.live();
  options.wait = options_.wait ? options_.wait : [](absl::Duration time) { absl::SleepFor(time); };
  options.before_hand_over = [&] { return StandStill(context, target, key.run, request); };
  const migration::OutgoingResult result = migration::SendGuest(**driver, key, **destination, options, progress);
  switch (result.holder) {
    case migration::Holder::kDestination:
      return HasMoved(context, target, request);
    case migration::Holder::kSource:
      status = RunsOn(context, target, "its migration has failed");
      if (!status.ok()) util::LogError(target.resource_name(), ": ", status.message());
      return TransferError(result.status);
    case migration::Holder::kUnknown:
      break;
  }
  SettleLater(target, key.run);
  return WithReason(v1::REASON_TRANSFER_FAILED, result.status);
}

std::vector<std::pair<Target, uint64_t>> Core::Unsettled() const {
  std::vector<std::pair<Target, uint64_t>> unsettled;
  for (const EntryPointer& entry : registry_.snapshot()->entries()) {
    if (!StandsStill(*entry)) continue;
    unsettled.emplace_back(Target{entry->key->hypervisor, entry->key->name, entry->key->uid, ""}, entry->run);
  }
  return unsettled;
}

void Core::DropSettled(const std::vector<std::pair<Target, uint64_t>>& unsettled) const {
  std::set<std::string> asked;
  for (const auto& [target, run] : unsettled) asked.insert(MetaKey(target.uid, run));
  const absl::StatusOr<std::vector<std::string>> keys = store_->ListMeta(kQuestions);
  if (!keys.ok()) return util::LogWarn(keys.status().message());
  for (const std::string& key : *keys) {
    if (asked.contains(key)) continue;
    if (absl::Status status = store_->DropMeta(key); !status.ok()) util::LogWarn(status.message());
  }
}

void Core::SettleLater(const Target& target, uint64_t run) {
  settling_.Later(target.resource_name(), [this, target, run] {
    executor_.SubmitAlways(target.resource_name(), [this, target, run] { SettleJob(target, run); });
  });
}

void Core::SettleJob(const Target& target, uint64_t run) {
  if (draining_.load()) return;
  const std::string name = target.resource_name();
  const auto again = [&](const absl::Status& status) {
    util::LogWarn("settle the migration of ", name, ": ", status.message());
    SettleLater(target, run);
  };
  if (absl::Status status = unstored_.Flush(name); !status.ok()) return again(status);
  absl::StatusOr<EntryPointer> entry = Expect(target, "");
  if (!entry.ok() || (*entry)->run != run) return;
  const std::string uid = (*entry)->key->uid;
  absl::StatusOr<std::string> stored = store_->GetMeta(MetaKey(uid, run));
  if (!stored.ok()) return again(stored.status());
  v1::MigrateDomainRequest request;
  if (stored->empty() || !request.ParseFromString(*stored)) return settling_.Forget(name);
  const bool destroyed = DomainOf(**entry).status().reason() == v1::DOMAIN_STATE_REASON_DESTROYED;
  if (destroyed || (!StandsStill(**entry) && IsActive((*entry)->state))) {
    // Somebody has decided it meanwhile, and knew better.
    settling_.Forget(name);
    return ForgetQuestion(*store_, uid, run);
  }
  ChangeContext context;
  context.cause = v1::EVENT_CAUSE_DAEMON;
  const absl::Status status = AskDestination(context, target, **entry, request);
  if (ReasonOf(status) == v1::REASON_TOKEN_REFUSED) {
    util::LogError(name, ": ", status.message(), ": look whether it runs there, then resume or destroy it here");
  } else if (!status.ok()) {
    again(status);
  }
}

absl::Status Core::AskDestination(ChangeContext& context, const Target& target, const Entry& entry,
                                  const v1::MigrateDomainRequest& request) {
  const std::string name = target.resource_name();
  auto destination = options_.open_destination(request.destination(), request.ticket_id(), request.ticket_secret());
  if (!destination.ok()) return destination.status();
  absl::StatusOr<v1::MigrationOutcome> outcome = (*destination)->Settle();
  if (ReasonOf(outcome.status()) == v1::REASON_TOKEN_REFUSED) {
    settling_.Forget(name);
    ForgetQuestion(*store_, entry.key->uid, entry.run);
    return Error(v1::REASON_TOKEN_REFUSED, "the destination of its migration knows nothing of it any more");
  }
  if (!outcome.ok()) return outcome.status();
  if (StandsStill(entry)) {
    absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
    if (!driver.ok()) return driver.status();
    if (absl::Status status = (*driver)->EndSending(KeyOf(entry), outcome->arrived()); !status.ok()) return status;
  }
  settling_.Forget(name);
  const absl::Status status = outcome->arrived() ? HasMoved(context, target, request)
                                                 : RunsOn(context, target, "the destination has not taken it over");
  if (!status.ok()) util::LogError(name, ": ", status.message());
  util::LogInfo(name, outcome->arrived() ? ": has moved" : ": runs on", ", as the destination says");
  return absl::OkStatus();
}

absl::StatusOr<EntryPointer> Core::ResumeInDoubt(ChangeContext& context, const Target& target, const Entry& entry) {
  if (!StandsStill(entry)) return nullptr;
  absl::StatusOr<std::string> stored = store_->GetMeta(MetaKey(entry.key->uid, entry.run));
  if (!stored.ok()) return stored.status();
  v1::MigrateDomainRequest request;
  // Who resumes it when there is nobody to be asked has been told to look himself.
  if (stored->empty() || !request.ParseFromString(*stored)) return nullptr;
  ChangeContext asking = context;
  asking.request = nullptr;  // what is found out is not yet the answer of the call
  const absl::Status status = AskDestination(asking, target, entry, request);
  if (ReasonOf(status) == v1::REASON_TOKEN_REFUSED) {
    return Error(v1::REASON_DOMAIN_STATE,
                 absl::StrCat(status.message(), ": look whether it runs there; if not, resume it once more"));
  }
  if (!status.ok()) {
    return Error(v1::REASON_DOMAIN_STATE,
                 absl::StrCat("only the destination of its migration, ", request.destination(),
                              ", can say whether it has the guest, and cannot be asked (", status.message(),
                              "); where it is certain that it has not, force the resume"));
  }
  EntryPointer present = registry_.snapshot()->FindUid(entry.key->uid);
  if (present != nullptr && IsActive(present->state)) return present;
  return Error(v1::REASON_DOMAIN_STATE, absl::StrCat("the domain has moved to ", request.destination()));
}

void ManagerImpl::MigrateDomain(const Caller& caller, v1::MigrateDomainRequest request, Done<v1::Operation> done) {
  Core* const core = core_.get();
  core->DoLong(caller, request, [&] { return core->TargetOf(caller, request.name()); }, std::move(done),
               {.verb = "migrate",
                .name = "domain.migrate",
                .check =
                    [core, request, access = caller.access](const Target& target) {
                      return core->CheckCanMigrate(target, request.etag(), *access, request.undefine_source());
                    },
                .work =
                    [core, request](ChangeContext& context, const Target& target, drivers::Progress* progress) {
                      return core->MigrateJob(context, target, request, progress);
                    }});
}

}  // namespace reeve::state

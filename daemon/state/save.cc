// Managed save.
#include <utility>

#include "daemon/state/long_job.h"

namespace reeve::state {

absl::Status Core::ExpectActive(const Target& target, absl::string_view etag) const {
  absl::StatusOr<EntryPointer> entry = Expect(target, etag);
  if (!entry.ok()) return entry.status();
  return IsActive((*entry)->state) ? absl::OkStatus() : StateError(**entry);
}

absl::Status Core::TransferError(const absl::Status& status) {
  if (status.code() == absl::StatusCode::kCancelled) return WithReason(v1::REASON_OPERATION_CANCELLED, status);
  return DriverError(status);
}

absl::Status Core::SaveJob(ChangeContext& context, const Target& target, drivers::Progress* progress) {
  absl::StatusOr<EntryPointer> entry = Expect(target, "");
  if (!entry.ok()) return entry.status();
  if (!IsActive((*entry)->state)) return StateError(**entry);
  if (!(*entry)->persistent) {
    return Error(v1::REASON_DOMAIN_TRANSIENT, "the domain is transient: nothing could restore it");
  }
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  progress->Report("saving", 0);
  if (absl::Status status = (*driver)->Save(KeyOf(**entry), progress); !status.ok()) return TransferError(status);
  Change change;
  change.record = RecordOf(**entry);
  MarkEnded(&change.record, v1::DOMAIN_STATE_REASON_SAVED, "", options_.clock->Now());
  change.record.mutable_domain()->mutable_status()->set_managed_save(true);
  change.event = context.NewEvent(v1::EVENT_TYPE_STOPPED, v1::EVENT_DETAIL_STOPPED_SAVED, (*entry)->state);
  return CommitOrKeep(context, target, change, "the guest was saved").status();
}

absl::StatusOr<v1::Domain> Core::RemoveSaveJob(ChangeContext& context, absl::string_view etag, const Target& target) {
  absl::StatusOr<EntryPointer> entry = Expect(target, etag);
  if (!entry.ok()) return entry.status();
  Change change;
  change.record = RecordOf(**entry);
  v1::DomainStatus& status = *change.record.mutable_domain()->mutable_status();
  if (!status.managed_save()) return Error(v1::REASON_DOMAIN_STATE, "the domain has no managed save");
  absl::StatusOr<drivers::HypervisorDriver*> driver = AvailableDriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  if (absl::Status removed = (*driver)->RemoveSaved(KeyOf(**entry)); !removed.ok()) return DriverError(removed);
  status.clear_managed_save();
  change.event =
      context.NewEvent(v1::EVENT_TYPE_DEFINED, v1::EVENT_DETAIL_DEFINED_UPDATED, (*entry)->state);
  change.event.set_message("its managed save was removed");
  return CommitOrKeep(context, target, change, "the managed save was removed");
}

void ManagerImpl::SaveDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Operation> done) {
  Core* const core = core_.get();
  core->DoLong(
      caller, request, [&] { return core->TargetOf(caller, request.name()); }, std::move(done),
      {.verb = "save",
       .name = "domain.save",
       .check = [core, etag = request.etag()](const Target& target) { return core->ExpectActive(target, etag); },
       .work = [core](ChangeContext& context, const Target& target,
                      drivers::Progress* progress) { return core->SaveJob(context, target, progress); }});
}

void ManagerImpl::RemoveManagedSave(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "remove the managed save of", [&] { return core_->TargetOf(caller, request.name()); }, true,
      std::move(done), [core = core_.get(), request](ChangeContext& context, const Target& target) {
        return core->RemoveSaveJob(context, request.etag(), target);
      });
}

}  // namespace reeve::state

// Save: the one long job so far.
#include <utility>

#include "daemon/state/change.h"

namespace reeve::state {

absl::Status Core::SaveJob(ChangeContext& context, const Target& target) {
  const std::shared_ptr<drivers::Progress> progress = operations_.ProgressOf(context.operation);
  if (progress == nullptr || progress->Cancelled()) {
    return Error(v1::REASON_OPERATION_CANCELLED, "cancelled before it began");
  }
  absl::StatusOr<EntryPointer> entry = Expect(target, "");
  if (!entry.ok()) return entry.status();
  if (!IsActive((*entry)->state)) return StateError(**entry);
  if (!(*entry)->persistent) {
    return Error(v1::REASON_DOMAIN_TRANSIENT, "the domain is transient: nothing could restore it");
  }
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  progress->Report("saving", 0);
  if (absl::Status status = (*driver)->Save(KeyOf(**entry), progress.get()); !status.ok()) {
    if (status.code() == absl::StatusCode::kCancelled) return WithReason(v1::REASON_OPERATION_CANCELLED, status);
    return DriverError(status);
  }
  Change change;
  change.record = RecordOf(**entry);
  MarkEnded(&change.record, v1::DOMAIN_STATE_REASON_SAVED, "", options_.clock->Now());
  change.record.mutable_domain()->mutable_status()->set_managed_save(true);
  change.event = context.NewEvent(v1::EVENT_TYPE_STOPPED, v1::EVENT_DETAIL_STOPPED_SAVED, (*entry)->state);
  return CommitOrKeep(context, target, change, "the guest was saved").status();
}

void ManagerImpl::SaveDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Operation> done) {
  core_->Do<v1::Operation>(
      caller, request, "save",
      [&]() -> absl::StatusOr<Target> {
        absl::StatusOr<Target> target = core_->TargetOf(caller, request.name());
        // The operation is made beside the domain's queue: the answer must not wait for a change that hangs.
        if (target.ok()) target->queue = absl::StrCat("save ", target->resource_name());
        return target;
      },
      true, std::move(done),
      [core = core_.get(), request, requestor = caller.identity](
          ChangeContext&, const Target& target) -> absl::StatusOr<v1::Operation> {
        absl::StatusOr<EntryPointer> entry = core->Expect(target, request.etag());
        if (!entry.ok()) return entry.status();
        if (!IsActive((*entry)->state)) return StateError(**entry);
        absl::StatusOr<v1::Operation> operation =
            core->operations_.Begin("domain.save", target.resource_name(), requestor);
        if (!operation.ok()) return operation;
        absl::Status submitted =
            core->executor_.Submit(target.resource_name(), [core, target, requestor, name = operation->name()] {
              ChangeContext context;
              context.requestor = requestor;
              context.operation = name;
              absl::Status status = core->unstored_.Flush(target.resource_name());
              if (status.ok()) status = core->SaveJob(context, target);
              core->operations_.End(name, WithContext(absl::StrCat("save ", target.resource_name()), status));
            });
        if (submitted.ok()) return operation;
        core->operations_.End(operation->name(), submitted);
        return submitted;
      });
}

}  // namespace reeve::state

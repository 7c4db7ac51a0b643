// Guests that sleep by their own power management.
#include <utility>

#include "daemon/state/change.h"
#include "proto/invalid_request.h"
#include "util/proto_time.h"

namespace reeve::state {

absl::StatusOr<v1::Domain> Core::SleepJob(ChangeContext& context, const v1::SleepDomainRequest& request,
                                          const Target& target) {
  if (!v1::SleepTarget_IsValid(request.target())) return Invalid("target", "is none that is known");
  absl::StatusOr<EntryPointer> entry = Expect(target, request.etag());
  if (!entry.ok()) return entry.status();
  if ((*entry)->state != v1::DOMAIN_STATE_RUNNING) return StateError(**entry);
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  const v1::SleepTarget place =
      request.target() == v1::SLEEP_TARGET_UNSPECIFIED ? v1::SLEEP_TARGET_MEMORY : request.target();
  if (absl::Status status = (*driver)->Sleep(KeyOf(**entry), place); !status.ok()) return DriverError(status);
  Change change;
  change.record = RecordOf(**entry);
  v1::DomainStatus& status = *change.record.mutable_domain()->mutable_status();
  status.set_state(v1::DOMAIN_STATE_PMSUSPENDED);
  status.set_reason(v1::DOMAIN_STATE_REASON_ASLEEP);
  *status.mutable_state_time() = util::ToProto(options_.clock->Now());
  change.event = context.NewEvent(v1::EVENT_TYPE_PMSUSPENDED, v1::EVENT_DETAIL_PMSUSPENDED_MEMORY, (*entry)->state);
  return CommitOrKeep(context, target, change, "the guest was put to sleep");
}

absl::StatusOr<v1::Domain> Core::WakeJob(ChangeContext& context, absl::string_view etag, const Target& target) {
  absl::StatusOr<EntryPointer> entry = Expect(target, etag);
  if (!entry.ok()) return entry.status();
  if ((*entry)->state != v1::DOMAIN_STATE_PMSUSPENDED) return StateError(**entry);
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  if (absl::Status status = (*driver)->Wake(KeyOf(**entry)); !status.ok()) return DriverError(status);
  Change change;
  change.record = RecordOf(**entry);
  v1::DomainStatus& status = *change.record.mutable_domain()->mutable_status();
  status.set_state(v1::DOMAIN_STATE_RUNNING);
  status.set_reason(v1::DOMAIN_STATE_REASON_WOKEN_UP);
  *status.mutable_state_time() = util::ToProto(options_.clock->Now());
  change.event = context.NewEvent(v1::EVENT_TYPE_STARTED, v1::EVENT_DETAIL_STARTED_WOKEN_UP, (*entry)->state);
  return CommitOrKeep(context, target, change, "the guest was woken up");
}

void ManagerImpl::SleepDomain(const Caller& caller, v1::SleepDomainRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "put to sleep", [&] { return core_->TargetOf(caller, request.name()); }, true, std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) {
        return core->SleepJob(context, request, target);
      });
}

void ManagerImpl::WakeDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "wake up", [&] { return core_->TargetOf(caller, request.name()); }, true, std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) {
        return core->WakeJob(context, request.etag(), target);
      });
}

}  // namespace reeve::state

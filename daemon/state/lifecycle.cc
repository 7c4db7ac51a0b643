// Start, stop and what is between.
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/change.h"
#include "daemon/state/passed_files.h"
#include "util/log.h"
#include "util/proto_time.h"

namespace reeve::state {
namespace {

// The domain of a verb that needs a guest in state `needed`.
absl::StatusOr<EntryPointer> InState(absl::StatusOr<EntryPointer> entry, v1::DomainState needed) {
  if (entry.ok() && (*entry)->state != needed) return StateError(**entry);
  return entry;
}

absl::Status InvalidModes(absl::string_view description) {
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, absl::StrCat("modes ", description));
  AddFieldViolation(&status, "modes", description);
  return status;
}

absl::StatusOr<drivers::ShutdownModes> ModesOf(const v1::DomainVerbRequest& request) {
  drivers::ShutdownModes modes;
  for (const int mode : request.modes()) {
    if (!v1::ShutdownMode_IsValid(mode) || mode == v1::SHUTDOWN_MODE_UNSPECIFIED) {
      return InvalidModes(absl::StrCat("has ", mode, ", which is none"));
    }
    modes.push_back(static_cast<v1::ShutdownMode>(mode));
  }
  if (modes.size() > v1::ShutdownMode_ARRAYSIZE) return InvalidModes("are too many");
  return modes;
}

// Modes are of shutdown and reboot only.
absl::Status RefuseModes(const v1::DomainVerbRequest& request) {
  return request.modes().empty() ? absl::OkStatus() : InvalidModes("are for shutdown and reboot only");
}

}  // namespace

absl::StatusOr<v1::Domain> Core::StartJob(ChangeContext& context, const v1::StartDomainRequest& request,
                                          const Target& target) {
  absl::StatusOr<EntryPointer> entry = Expect(target, request.etag());
  if (!entry.ok()) return entry.status();
  if (IsActive((*entry)->state)) return StateError(**entry);
  absl::StatusOr<drivers::HypervisorDriver*> driver = AvailableDriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  store::v1::DomainRecord record = RecordOf(**entry);
  absl::StatusOr<drivers::PassedFiles> files = drivers::PassedFiles();
  if (!request.descriptors().empty()) {
    files = TakeFiles(options_, **driver, context.connection, request.descriptors(), record.domain().spec());
    if (!files.ok()) return files.status();
  }
  if (request.validate_only()) {
    if (absl::Status status = (*driver)->Validate(record.domain().spec()); !status.ok()) return status;
    drivers::DomainKey key = KeyOf(**entry);
    ++key.run;
    absl::Status status = (*driver)->Preflight(key, record.domain().spec());
    if (!status.ok()) return WithReason(v1::REASON_START_FAILED, status);
    return record.domain();
  }
  return StartGuest(context, *driver, target, std::move(record),
                    {.paused = request.paused(), .auto_destroy = request.auto_destroy(), .files = &*files});
}

absl::StatusOr<v1::Domain> Core::StartGuest(ChangeContext& context, drivers::HypervisorDriver* driver,
                                            const Target& target, store::v1::DomainRecord record,
                                            const Launch& launch) {
  v1::Domain& domain = *record.mutable_domain();
  v1::DomainStatus& domain_status = *domain.mutable_status();
  const bool is_new = domain.revision() == 0;
  const v1::DomainState before = is_new ? v1::DOMAIN_STATE_UNSPECIFIED : domain_status.state();
  const drivers::DomainKey key{target.name, domain.uid(), domain_status.run() + 1};
  const bool with_files = launch.files != nullptr && !launch.files->files.empty();
  absl::StatusOr<drivers::RunningGuest> guest =
      launch.start ? launch.start(key)
      : with_files ? driver->StartWithFiles(key, domain.spec(), launch.paused, std::move(*launch.files))
                   : driver->Start(key, domain.spec(), launch.paused);
  if (!guest.ok()) {
    const absl::Status failure = WithReason(v1::REASON_START_FAILED, guest.status());
    if (is_new) return failure;
    domain_status.set_run(key.run);
    RecordStartFailure(context, std::move(record), failure);
    return failure;
  }

  const bool restored = domain_status.managed_save();
  domain_status.clear_managed_save();
  domain_status.set_auto_destroy(launch.auto_destroy);
  domain_status.clear_updated();
  record.clear_running_spec();
  if (launch.spec && launch.spec->SerializeAsString() != domain.spec().SerializeAsString()) {
    domain_status.set_updated(true);
    *record.mutable_running_spec() = *launch.spec;
  }
  v1::DomainStateReason reason = restored ? v1::DOMAIN_STATE_REASON_RESTORED : launch.reason;
  if (guest->paused) reason = v1::DOMAIN_STATE_REASON_STARTING_UP;
  MarkRunning(&record, *guest, key.run, reason, options_.clock->Now());
  const Change change{.record = std::move(record),
                      .event = context.NewEvent(v1::EVENT_TYPE_STARTED,
                                                restored ? v1::EVENT_DETAIL_STARTED_RESTORED : launch.detail, before)};
  absl::StatusOr<v1::Domain> started = Commit(context, change);
  if (started.ok() && launch.auto_destroy) {
    if (absl::Status status = EndWithConnection(target, key.run, context.connection); !status.ok()) {
      // The caller has left meanwhile: what it started ends as if it had left a moment later.
      ChangeContext ending;
      ending.cause = v1::EVENT_CAUSE_DAEMON;
      (void)DestroyJob(ending, "", target);
      return status;
    }
  }
  if (started.ok()) return started;

  // A guest that nobody was told of and that the store does not know must not go on.
  absl::StatusOr<drivers::GuestExit> destroyed = driver->Destroy(key);
  if (destroyed.ok() || ReasonOf(destroyed.status()) == v1::REASON_DOMAIN_STATE) {
    return WithContext("the started guest was destroyed again, since it could not be stored", started.status());
  }
  unstored_.Add(target.resource_name(), [this, change] {
    ChangeContext later;
    return Commit(later, change).status();
  });
  return WithContext(absl::StrCat("the guest was started and cannot be stored now, nor destroyed (",
                                  destroyed.status().message(), ")"),
                     started.status());
}

void Core::RecordStartFailure(const ChangeContext& context, store::v1::DomainRecord record,
                              const absl::Status& failure) {
  const std::string name = record.domain().name();
  v1::DomainStatus& status = *record.mutable_domain()->mutable_status();
  status.set_reason(v1::DOMAIN_STATE_REASON_FAILED);
  status.set_message(std::string(failure.message()));
  Change change;
  change.event = context.NewEvent(v1::EVENT_TYPE_CHANGED, v1::EVENT_DETAIL_CHANGED_START_FAILED, status.state());
  change.event.set_message(status.message());
  change.record = std::move(record);
  // The answer is an error, which is not stored for the request_id.
  ChangeContext unrecorded;
  if (auto stored = Commit(unrecorded, change); !stored.ok()) {
    util::LogWarn("start ", name, ": failed (", failure.message(),
                  "), and that cannot be stored: ", stored.status().message());
  }
}

absl::StatusOr<v1::Domain> Core::ShutdownJob(ChangeContext& context, const v1::DomainVerbRequest& request,
                                             const Target& target) {
  absl::StatusOr<drivers::ShutdownModes> modes = ModesOf(request);
  if (!modes.ok()) return modes.status();
  absl::StatusOr<EntryPointer> entry = InState(Expect(target, request.etag()), v1::DOMAIN_STATE_RUNNING);
  if (!entry.ok()) return entry.status();
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  if (absl::Status status = (*driver)->Shutdown(KeyOf(**entry), *modes); !status.ok()) return DriverError(status);
  const Change change{
      .record = RecordOf(**entry),
      .event = context.NewEvent(v1::EVENT_TYPE_SHUTDOWN, v1::EVENT_DETAIL_SHUTDOWN_REQUESTED, (*entry)->state)};
  return CommitOrKeep(context, target, change, "the guest was asked to end");
}

absl::StatusOr<v1::Domain> Core::RebootJob(ChangeContext& context, const v1::DomainVerbRequest& request,
                                           const Target& target) {
  // The event comes when the guest has restarted (OnReboot).
  absl::StatusOr<drivers::ShutdownModes> modes = ModesOf(request);
  if (!modes.ok()) return modes.status();
  absl::StatusOr<EntryPointer> entry = InState(Expect(target, request.etag()), v1::DOMAIN_STATE_RUNNING);
  if (!entry.ok()) return entry.status();
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  if (absl::Status status = (*driver)->Reboot(KeyOf(**entry), *modes); !status.ok()) return DriverError(status);
  const std::lock_guard<std::mutex> lock(mutex_);
  reboot_requestors_[(*entry)->key->uid] = context.requestor;
  return DomainOf(**entry);
}

absl::StatusOr<v1::Domain> Core::DestroyJob(ChangeContext& context, absl::string_view etag, const Target& target) {
  absl::StatusOr<EntryPointer> entry = Expect(target, etag);
  if (!entry.ok()) return entry.status();
  if (!IsActive((*entry)->state)) return StateError(**entry);
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  absl::StatusOr<drivers::GuestExit> exit = (*driver)->Destroy(KeyOf(**entry));
  if (!exit.ok()) return DriverError(exit.status());
  const absl::Time now = options_.clock->Now();
  Change change;
  change.record = RecordOf(**entry);
  v1::ExitStatus& last_exit = *change.record.mutable_domain()->mutable_status()->mutable_last_exit();
  last_exit = exit->status;
  if (!last_exit.has_time()) *last_exit.mutable_time() = util::ToProto(now);
  MarkEnded(&change.record, v1::DOMAIN_STATE_REASON_DESTROYED, exit->message, now);
  change.remove = !(*entry)->persistent;
  change.event = context.NewEvent(v1::EVENT_TYPE_STOPPED, v1::EVENT_DETAIL_STOPPED_DESTROYED, (*entry)->state);
  change.event.set_message(exit->message);
  return CommitOrKeep(context, target, change, "the guest was destroyed");
}

absl::StatusOr<v1::Domain> Core::SuspendJob(ChangeContext& context, absl::string_view etag, const Target& target) {
  absl::StatusOr<EntryPointer> entry = InState(Expect(target, etag), v1::DOMAIN_STATE_RUNNING);
  if (!entry.ok()) return entry.status();
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  if (absl::Status status = (*driver)->Suspend(KeyOf(**entry)); !status.ok()) return DriverError(status);
  Change change;
  change.record = RecordOf(**entry);
  v1::DomainStatus& status = *change.record.mutable_domain()->mutable_status();
  status.set_state(v1::DOMAIN_STATE_PAUSED);
  status.set_reason(v1::DOMAIN_STATE_REASON_USER);
  *status.mutable_state_time() = util::ToProto(options_.clock->Now());
  change.event = context.NewEvent(v1::EVENT_TYPE_SUSPENDED, v1::EVENT_DETAIL_SUSPENDED_PAUSED, (*entry)->state);
  absl::StatusOr<v1::Domain> domain = Commit(context, change);
  if (domain.ok()) return domain;
  if ((*driver)->Resume(KeyOf(**entry)).ok()) return WithContext("the guest was resumed again", domain.status());
  return CommitOrKeep(context, target, change, "the guest was suspended");
}

absl::StatusOr<v1::Domain> Core::ResumeJob(ChangeContext& context, const v1::DomainVerbRequest& request,
                                           const Target& target) {
  absl::StatusOr<EntryPointer> entry = InState(Expect(target, request.etag()), v1::DOMAIN_STATE_PAUSED);
  if (!entry.ok()) return entry.status();
  if (!request.force()) {
    absl::StatusOr<EntryPointer> settled = ResumeInDoubt(context, target, **entry);
    if (!settled.ok()) return settled.status();
    if (*settled != nullptr) return DomainOf(**settled);
  }
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  if (absl::Status status = (*driver)->Resume(KeyOf(**entry)); !status.ok()) return DriverError(status);
  Change change;
  change.record = RecordOf(**entry);
  v1::DomainStatus& status = *change.record.mutable_domain()->mutable_status();
  status.set_state(v1::DOMAIN_STATE_RUNNING);
  status.set_reason(v1::DOMAIN_STATE_REASON_UNPAUSED);
  *status.mutable_state_time() = util::ToProto(options_.clock->Now());
  change.event = context.NewEvent(v1::EVENT_TYPE_RESUMED, v1::EVENT_DETAIL_RESUMED_UNPAUSED, (*entry)->state);
  absl::StatusOr<v1::Domain> domain = Commit(context, change);
  if (domain.ok()) return domain;
  if ((*driver)->Suspend(KeyOf(**entry)).ok()) return WithContext("the guest was suspended again", domain.status());
  return CommitOrKeep(context, target, change, "the guest was resumed");
}

void ManagerImpl::StartDomain(const Caller& caller, v1::StartDomainRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "start", [&] { return core_->TargetOf(caller, request.name()); }, !request.validate_only(),
      std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) {
        return core->StartJob(context, request, target);
      });
}

void ManagerImpl::ShutdownDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "shutdown", [&] { return core_->TargetOf(caller, request.name()); }, true, std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) {
        return core->ShutdownJob(context, request, target);
      });
}

void ManagerImpl::RebootDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "reboot", [&] { return core_->TargetOf(caller, request.name()); }, true, std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) {
        return core->RebootJob(context, request, target);
      });
}

void ManagerImpl::DestroyDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "destroy", [&] { return core_->TargetOf(caller, request.name()); }, true, std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) {
        if (absl::Status status = RefuseModes(request); !status.ok()) return absl::StatusOr<v1::Domain>(status);
        return core->DestroyJob(context, request.etag(), target);
      });
}

void ManagerImpl::SuspendDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "suspend", [&] { return core_->TargetOf(caller, request.name()); }, true, std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) {
        if (absl::Status status = RefuseModes(request); !status.ok()) return absl::StatusOr<v1::Domain>(status);
        return core->SuspendJob(context, request.etag(), target);
      });
}

void ManagerImpl::ResumeDomain(const Caller& caller, v1::DomainVerbRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "resume", [&] { return core_->TargetOf(caller, request.name()); }, true, std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) {
        if (absl::Status status = RefuseModes(request); !status.ok()) return absl::StatusOr<v1::Domain>(status);
        return core->ResumeJob(context, request, target);
      });
}

}  // namespace reeve::state

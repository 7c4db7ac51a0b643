// Create, update and delete: what is wanted of a domain.
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "daemon/state/change.h"
#include "daemon/state/labels.h"
#include "daemon/state/names.h"
#include "daemon/state/passed_files.h"
#include "formats/domain_name.h"
#include "formats/uuid.h"
#include "proto/invalid_request.h"
#include "util/log.h"
#include "util/proto_time.h"
#include "util/uuid.h"

namespace reeve::state {
namespace {

constexpr size_t kMaxDocumentBytes = 1 << 20;

absl::StatusOr<v1::Domain> Parse(const v1::Document& document, const Formats& formats) {
  if (!formats.parse) return Invalid("document.format", "is not one that is known");
  if (document.text().size() > kMaxDocumentBytes) {
    return Error(v1::REASON_DOCUMENT_MALFORMED,
                 absl::StrCat("the document has ", document.text().size(), " bytes, at most 1 MiB are allowed"));
  }
  return formats.parse(document.format(), document.text());
}

// A transient domain is also started, and an update may also create.
absl::Status CheckKind(const auth::Access& access, const v1::CreateDomainRequest& request, const std::string& name) {
  return request.transient() ? Need(access, "domain.start", name) : absl::OkStatus();
}
absl::Status CheckKind(const auth::Access& access, const v1::UpdateDomainRequest& request, const std::string& name) {
  return request.allow_missing() ? Need(access, "domain.create", name) : absl::OkStatus();
}

}  // namespace

template <typename Request>
absl::StatusOr<Core::Definition> Core::ReadDefinition(const Caller& caller, const Request& request) const {
  absl::StatusOr<std::string> hypervisor = ParseHypervisorName(request.parent(), /*wildcard=*/false);
  if (!hypervisor.ok()) return hypervisor.status();
  // Nobody's document is read who could not define any domain here.
  if (!caller.access->AllowsBelow(*hypervisor)) return caller.access->Denied(request.parent());
  if (auto driver = DriverOf(*hypervisor); !driver.ok()) return driver.status();

  v1::Domain source;
  switch (request.source_case()) {
    case Request::kDomain:
      source = request.domain();
      break;
    case Request::kDocument: {
      absl::StatusOr<v1::Domain> parsed = Parse(request.document(), options_.formats);
      if (!parsed.ok()) return parsed.status();
      source = *std::move(parsed);
      break;
    }
    default:
      return Invalid("source", "is missing");
  }
  if (!source.has_spec()) return Invalid("domain.spec", "is missing");

  Definition definition;
  definition.target.hypervisor = *hypervisor;
  definition.target.name = source.name();
  if (absl::StartsWith(source.name(), "hypervisors/")) {
    const formats::DomainNameParts parts = formats::SplitDomainResourceName(source.name());
    if (!parts.name.empty() && parts.hypervisor != *hypervisor) {
      return Invalid("domain.name", absl::StrCat("is of hypervisor ", util::EscapeControlCharacters(parts.hypervisor),
                                                 ", parent is of ", *hypervisor));
    }
    if (!parts.name.empty()) definition.target.name = std::string(parts.name);
  }
  if (absl::Status status = formats::CheckDomainName(definition.target.name); !status.ok()) return status;
  definition.domain.set_name(definition.target.resource_name());
  if (caller.access->Decide(definition.domain.name()) != auth::Access::Decision::kAllowed) {
    return caller.access->Denied(definition.domain.name());
  }
  if (absl::Status status = CheckKind(*caller.access, request, definition.domain.name()); !status.ok()) return status;
  if (!source.uid().empty()) {
    absl::StatusOr<std::string> uid = formats::ParseUuid(source.uid());
    if (!uid.ok()) return uid.status();
    definition.domain.set_uid(*uid);
  }
  definition.domain.mutable_spec()->Swap(source.mutable_spec());
  if (options_.formats.check) {
    if (absl::Status status = options_.formats.check(definition.domain.spec()); !status.ok()) return status;
  }
  return definition;
}

absl::StatusOr<v1::Domain> Core::CreateJob(ChangeContext& context, const v1::CreateDomainRequest& request,
                                           Definition definition) {
  const Target& target = definition.target;
  absl::StatusOr<drivers::HypervisorDriver*> driver = AvailableDriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  if (request.paused() && !request.transient()) return Invalid("paused", "is for transient domains only");
  if (request.auto_destroy() && !request.transient()) return Invalid("auto_destroy", "is for transient domains only");
  if (!request.descriptors().empty() && !request.transient()) {
    return Invalid("descriptors", "are for transient domains only");
  }
  v1::Domain& domain = definition.domain;
  if (const EntryPointer entry = registry_.snapshot()->Find(target.hypervisor, target.name); entry != nullptr) {
    return NameTaken(*entry->key);
  }
  if (domain.uid().empty()) {
    absl::StatusOr<std::string> uid = util::NewUuid();
    if (!uid.ok()) return uid.status();
    domain.set_uid(*std::move(uid));
  }
  absl::StatusOr<Reservations::Reservation> reservation =
      reservations_.Reserve(domain.uid(), target.resource_name(), *context.access);
  if (!reservation.ok()) return reservation.status();
  if (absl::Status status = (*driver)->Validate(domain.spec()); !status.ok()) return status;
  const absl::Cleanup settle = [&] { Settle(*driver, domain.uid()); };
  if (absl::Status status = (*driver)->Complete({target.name, domain.uid(), 0}, domain.mutable_spec()); !status.ok()) {
    return status;
  }

  const absl::Time now = options_.clock->Now();
  store::v1::DomainRecord record;
  *domain.mutable_create_time() = util::ToProto(now);
  domain.mutable_status()->set_persistent(!request.transient());
  *record.mutable_domain() = domain;
  MarkEnded(&record, v1::DOMAIN_STATE_REASON_DEFINED, "", now);
  absl::StatusOr<drivers::PassedFiles> files = drivers::PassedFiles();
  if (!request.descriptors().empty()) {
    files = TakeFiles(options_, **driver, context.connection, request.descriptors(), domain.spec());
    if (!files.ok()) return files.status();
  }
  if (request.validate_only()) {
    if (request.transient()) {
      absl::Status status = (*driver)->Preflight({target.name, domain.uid(), 1}, domain.spec());
      if (!status.ok()) return WithReason(v1::REASON_START_FAILED, status);
    }
    return record.domain();
  }
  if (request.transient()) {
    return StartGuest(context, *driver, target, std::move(record),
                      {.paused = request.paused(), .auto_destroy = request.auto_destroy(), .files = &*files});
  }
  return Commit(context, {.record = std::move(record),
                          .event = context.NewEvent(v1::EVENT_TYPE_DEFINED, v1::EVENT_DETAIL_DEFINED_ADDED,
                                                    v1::DOMAIN_STATE_UNSPECIFIED)});
}

absl::StatusOr<v1::Domain> Core::UpdateJob(ChangeContext& context, const v1::UpdateDomainRequest& request,
                                           Definition definition) {
  const Target& target = definition.target;
  v1::Domain& wanted = definition.domain;
  const EntryPointer present = registry_.snapshot()->Find(target.hypervisor, target.name);
  if (present == nullptr && request.allow_missing()) {
    if (!request.etag().empty()) return Error(v1::REASON_ETAG_MISMATCH, "an etag was given, but the domain is gone");
    v1::CreateDomainRequest create;
    create.set_validate_only(request.validate_only());
    return CreateJob(context, create, std::move(definition));
  }
  absl::StatusOr<EntryPointer> entry = Expect(target, request.etag());
  if (!entry.ok()) return entry.status();
  absl::StatusOr<drivers::HypervisorDriver*> driver = AvailableDriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  const EntryKey& key = *(*entry)->key;
  if (!wanted.uid().empty() && wanted.uid() != key.uid) {
    // The UUID may be another domain's, which is the more useful thing to say.
    if (auto reservation = reservations_.Reserve(wanted.uid(), target.resource_name(), *context.access);
        !reservation.ok()) {
      return reservation.status();
    }
    return Error(v1::REASON_DOMAIN_EXISTS, absl::StrCat("the domain has UUID ", key.uid, ", not ", wanted.uid()),
                 {{"name", target.resource_name()}, {"uid", key.uid}});
  }
  if (absl::Status status = (*driver)->Validate(wanted.spec()); !status.ok()) return status;
  const absl::Cleanup settle = [&] { Settle(*driver, key.uid); };
  if (absl::Status status = (*driver)->Complete({key.name, key.uid, (*entry)->run}, wanted.mutable_spec());
      !status.ok()) {
    return status;
  }

  store::v1::DomainRecord record = RecordOf(**entry);
  v1::Domain& domain = *record.mutable_domain();
  const bool was_persistent = domain.status().persistent();
  if (IsActive((*entry)->state)) {
    if (!record.has_running_spec()) *record.mutable_running_spec() = domain.spec();
    const bool same = record.running_spec().SerializeAsString() == wanted.spec().SerializeAsString();
    domain.mutable_status()->set_updated(!same);
    if (same) record.clear_running_spec();
  }
  domain.mutable_spec()->Swap(wanted.mutable_spec());
  domain.mutable_status()->set_persistent(true);
  if (request.validate_only()) return domain;
  return Commit(context, {.record = std::move(record),
                          .event = context.NewEvent(
                              v1::EVENT_TYPE_DEFINED,
                              was_persistent ? v1::EVENT_DETAIL_DEFINED_UPDATED : v1::EVENT_DETAIL_DEFINED_ADDED,
                              (*entry)->state)});
}

absl::StatusOr<v1::DeleteDomainResponse> Core::DeleteJob(ChangeContext& context, const v1::DeleteDomainRequest& request,
                                                         const Target& target) {
  absl::StatusOr<EntryPointer> entry =
      ExpectPersistent(target, request.etag(), "the domain is transient: it vanishes when it ends");
  if (!entry.ok()) return entry.status();
  if (request.validate_only()) return v1::DeleteDomainResponse();
  Change change;
  change.record = RecordOf(**entry);
  change.remove = !IsActive((*entry)->state);
  change.event = context.NewEvent(v1::EVENT_TYPE_UNDEFINED, v1::EVENT_DETAIL_UNDEFINED_REMOVED, (*entry)->state);
  if (!change.remove) {
    v1::Domain& domain = *change.record.mutable_domain();
    if (change.record.has_running_spec()) domain.mutable_spec()->Swap(change.record.mutable_running_spec());
    change.record.clear_running_spec();
    domain.clear_autostart();
    domain.mutable_status()->set_persistent(false);
    domain.mutable_status()->clear_updated();
  }
  if (auto domain = Commit(context, change, /*empty_response=*/true); !domain.ok()) return domain.status();
  return v1::DeleteDomainResponse();
}

absl::StatusOr<v1::Domain> Core::RenameJob(ChangeContext& context, const v1::RenameDomainRequest& request,
                                           const Target& target) {
  absl::StatusOr<EntryPointer> entry =
      ExpectPersistent(target, request.etag(), "the domain is transient: it has its name until it ends");
  if (!entry.ok()) return entry.status();
  if (IsActive((*entry)->state)) return StateError(**entry);
  if (request.new_name() == target.name) return Invalid("new_name", "is the name that the domain has");
  store::v1::DomainRecord record = RecordOf(**entry);
  record.mutable_domain()->set_name(formats::DomainResourceName(target.hypervisor, request.new_name()));
  absl::StatusOr<Reservations::Reservation> reservation =
      reservations_.Reserve((*entry)->key->uid, record.domain().name(), *context.access, target.resource_name());
  if (!reservation.ok()) return reservation.status();
  if (request.validate_only()) return record.domain();
  return Commit(context,
                {.record = std::move(record),
                 .renamed_from = target.resource_name(),
                 .event = context.NewEvent(v1::EVENT_TYPE_DEFINED, v1::EVENT_DETAIL_DEFINED_RENAMED, (*entry)->state)});
}

absl::StatusOr<v1::Domain> Core::AutostartJob(ChangeContext& context, const v1::SetDomainAutostartRequest& request,
                                              const Target& target) {
  absl::StatusOr<EntryPointer> entry =
      ExpectPersistent(target, request.etag(), "the domain is transient: it cannot start with the daemon");
  if (!entry.ok()) return entry.status();
  store::v1::DomainRecord record = RecordOf(**entry);
  if ((*entry)->autostart == request.autostart()) return record.domain();
  record.mutable_domain()->set_autostart(request.autostart());
  return Commit(context, {.record = std::move(record),
                          .event = context.NewEvent(v1::EVENT_TYPE_CHANGED, v1::EVENT_DETAIL_CHANGED_AUTOSTART,
                                                    (*entry)->state)});
}

absl::StatusOr<v1::Domain> Core::LabelsJob(ChangeContext& context, const v1::SetDomainLabelsRequest& request,
                                           const Target& target) {
  absl::StatusOr<EntryPointer> entry = Expect(target, request.etag());
  if (!entry.ok()) return entry.status();
  store::v1::DomainRecord record = RecordOf(**entry);
  if (absl::Status status = ChangeLabels(request, record.mutable_domain()); !status.ok()) return status;
  return Commit(context,
                {.record = std::move(record),
                 .event = context.NewEvent(v1::EVENT_TYPE_CHANGED, v1::EVENT_DETAIL_CHANGED_LABELS, (*entry)->state)});
}

// A change whose domain is only known when its document is read: once, before it is queued.
template <typename Request, typename Job>
void Core::Define(const Caller& caller, Request request, absl::string_view verb, Done<v1::Domain> done, Job job) {
  const bool store_answer = !request.validate_only();
  auto definition = std::make_shared<Definition>();
  Do<v1::Domain>(
      caller, request, verb,
      [&]() -> absl::StatusOr<Target> {
        absl::StatusOr<Definition> read = ReadDefinition(caller, request);
        if (!read.ok()) return read.status();
        *definition = *std::move(read);
        return definition->target;
      },
      store_answer, std::move(done),
      [this, definition, request, job](ChangeContext& context, const Target&) {
        return (this->*job)(context, request, std::move(*definition));
      });
}

void ManagerImpl::CreateDomain(const Caller& caller, v1::CreateDomainRequest request, Done<v1::Domain> done) {
  core_->Define(caller, std::move(request), "create", std::move(done), &Core::CreateJob);
}

void ManagerImpl::UpdateDomain(const Caller& caller, v1::UpdateDomainRequest request, Done<v1::Domain> done) {
  core_->Define(caller, std::move(request), "update", std::move(done), &Core::UpdateJob);
}

void ManagerImpl::DeleteDomain(const Caller& caller, v1::DeleteDomainRequest request,
                               Done<v1::DeleteDomainResponse> done) {
  core_->Do<v1::DeleteDomainResponse>(
      caller, request, "delete", [&] { return core_->TargetOf(caller, request.name()); }, !request.validate_only(),
      std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) {
        return core->DeleteJob(context, request, target);
      });
}

void ManagerImpl::RenameDomain(const Caller& caller, v1::RenameDomainRequest request, Done<v1::Domain> done) {
  const auto find_target = [&]() -> absl::StatusOr<Target> {
    absl::StatusOr<Target> target = core_->TargetOf(caller, request.name());
    if (!target.ok()) return target;
    if (absl::Status status = formats::CheckDomainName(request.new_name()); !status.ok()) return status;
    // It is gone for whoever may see the old name only, and there for whoever may see the new one.
    const std::string new_name = formats::DomainResourceName(target->hypervisor, request.new_name());
    if (caller.access->Decide(new_name) != auth::Access::Decision::kAllowed) return caller.access->Denied(new_name);
    if (absl::Status status = Need(*caller.access, "domain.delete", target->resource_name()); !status.ok())
      return status;
    if (absl::Status status = Need(*caller.access, "domain.create", new_name); !status.ok()) return status;
    return target;
  };
  core_->Do<v1::Domain>(caller, request, "rename", find_target, !request.validate_only(), std::move(done),
                        [core = core_.get(), request](ChangeContext& context, const Target& target) {
                          return core->RenameJob(context, request, target);
                        });
}

void ManagerImpl::SetDomainAutostart(const Caller& caller, v1::SetDomainAutostartRequest request,
                                     Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "set autostart of", [&] { return core_->TargetOf(caller, request.name()); }, true,
      std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) {
        return core->AutostartJob(context, request, target);
      });
}

void ManagerImpl::SetDomainLabels(const Caller& caller, v1::SetDomainLabelsRequest request, Done<v1::Domain> done) {
  core_->Do<v1::Domain>(
      caller, request, "set labels of", [&] { return core_->TargetOf(caller, request.name()); }, true, std::move(done),
      [core = core_.get(), request](ChangeContext& context, const Target& target) {
        return core->LabelsJob(context, request, target);
      });
}

}  // namespace reeve::state

// Guests that go into files of the host and come out of them.
#include <memory>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/image_check.h"
#include "daemon/state/long_job.h"
#include "daemon/state/names.h"
#include "proto/invalid_request.h"
#include "util/log.h"
#include "util/new_file.h"
#include "util/proto_time.h"

namespace reeve::state {
namespace {

constexpr mode_t kFileMode = 0600;

// What a file of the caller's could not be used for.
absl::Status FileError(const absl::Status& status) {
  if (status.code() != absl::StatusCode::kInvalidArgument) return WithReason(v1::REASON_HOST_FILE_FAILED, status);
  return Invalid("path", status.message());
}

}  // namespace

absl::Status Core::CheckCanSend(const Target& target, absl::string_view etag) const {
  absl::StatusOr<EntryPointer> entry = Expect(target, etag);
  if (!entry.ok()) return entry.status();
  if (!IsActive((*entry)->state)) return StateError(**entry);
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  absl::Status status = (*driver)->CanSendMemory(KeyOf(**entry));
  return status.ok() ? status : DriverError(status);
}

absl::Status Core::SaveToFileJob(ChangeContext& context, const Target& target,
                                 const v1::SaveDomainToFileRequest& request, drivers::Progress* progress) {
  absl::StatusOr<EntryPointer> entry = Expect(target, "");
  if (!entry.ok()) return entry.status();
  if (!IsActive((*entry)->state)) return StateError(**entry);
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  const drivers::DomainKey key = KeyOf(**entry);
  if (absl::Status status = (*driver)->CanSendMemory(key); !status.ok()) return DriverError(status);
  absl::StatusOr<util::NewFile> file = util::NewFile::Create(request.path(), kFileMode);
  if (!file.ok()) return FileError(file.status());

  Change change;
  change.record = RecordOf(**entry);
  const absl::Time now = options_.clock->Now();
  store::v1::ImageHead head;
  head.set_hypervisor(target.hypervisor);
  head.set_name(key.name);
  head.set_uid(key.uid);
  *head.mutable_spec() =
      change.record.has_running_spec() ? change.record.running_spec() : change.record.domain().spec();
  head.set_paused(request.paused() || (!request.running() && (*entry)->state == v1::DOMAIN_STATE_PAUSED));
  *head.mutable_save_time() = util::ToProto(now);
  if (absl::Status status = drivers::WriteImageHead(file->descriptor(), head); !status.ok()) {
    return WithReason(v1::REASON_TRANSFER_FAILED, WithContext(request.path(), status));
  }
  progress->Report("memory", 0);
  if (absl::Status status = (*driver)->SendMemory(key, file->descriptor(), false, progress); !status.ok()) {
    return TransferError(status);
  }
  // It stands still: whether it goes is decided by the file.
  if (absl::Status status = file->Finish(); !status.ok()) {
    if (absl::Status resumed = (*driver)->EndSending(key, false); !resumed.ok()) {
      util::LogError("let ", target.resource_name(), " run on after a failed save: ", resumed.message());
    }
    return WithReason(v1::REASON_TRANSFER_FAILED, status);
  }
  progress->Report("end", 99);
  if (absl::Status status = (*driver)->EndSending(key, true); !status.ok()) {
    return WithContext(absl::StrCat(request.path(), " is whole, but the guest cannot be ended"), DriverError(status));
  }
  MarkEnded(&change.record, v1::DOMAIN_STATE_REASON_SAVED, "", now);
  change.remove = !(*entry)->persistent;
  change.event = context.NewEvent(v1::EVENT_TYPE_STOPPED, v1::EVENT_DETAIL_STOPPED_SAVED, (*entry)->state);
  return CommitOrKeep(context, target, change, "the guest was saved").status();
}

void ManagerImpl::SaveDomainToFile(const Caller& caller, v1::SaveDomainToFileRequest request,
                                   Done<v1::Operation> done) {
  Core* const core = core_.get();
  core->DoLong(caller, request, [&] { return core->TargetOf(caller, request.name()); }, std::move(done),
               {.verb = "save",
                .name = "domain.save",
                .check =
                    [core, request](const Target& target) {
                      if (request.paused() && request.running()) return Invalid("running", "excludes paused");
                      return core->CheckCanSend(target, request.etag());
                    },
                .work =
                    [core, request](ChangeContext& context, const Target& target, drivers::Progress* progress) {
                      return core->SaveToFileJob(context, target, request, progress);
                    }});
}

absl::StatusOr<Core::OpenImage> Core::OpenImageFile(const Caller& caller, const std::string& parent,
                                                    const std::string& path) const {
  absl::StatusOr<std::string> hypervisor = ParseHypervisorName(parent, /*wildcard=*/false);
  if (!hypervisor.ok()) return hypervisor.status();
  // Nobody's file is opened who could not restore any domain here.
  if (!caller.access->AllowsBelow(*hypervisor)) return caller.access->Denied(parent);
  absl::StatusOr<drivers::HypervisorDriver*> driver = AvailableDriverOf(*hypervisor);
  if (!driver.ok()) return driver.status();
  absl::StatusOr<util::UniqueFd> file = util::OpenRegularFile(path);
  if (!file.ok()) return FileError(file.status());
  absl::StatusOr<drivers::SavedImage> image = (*driver)->ReadImage(file->get());
  if (!image.ok()) return WithReason(v1::REASON_HOST_FILE_FAILED, WithContext(path, image.status()));
  Target target{*hypervisor, image->head.name(), "", ""};
  if (caller.access->Decide(target.resource_name()) != auth::Access::Decision::kAllowed) {
    return caller.access->Denied(target.resource_name());
  }
  return OpenImage{std::move(target), *driver, *std::move(image), std::make_shared<util::UniqueFd>(*std::move(file))};
}

absl::StatusOr<v1::SavedImage> ManagerImpl::GetSavedImage(const Caller& caller,
                                                          const v1::GetSavedImageRequest& request) {
  constexpr absl::string_view kVerb = "read a saved guest";
  absl::StatusOr<Core::OpenImage> open = core_->OpenImageFile(caller, request.parent(), request.path());
  if (!open.ok()) return WithContext(kVerb, open.status());
  const store::v1::ImageHead& head = open->image.head;
  v1::SavedImage answer;
  v1::Domain& domain = *answer.mutable_domain();
  domain.set_name(open->target.resource_name());
  domain.set_uid(head.uid());
  *domain.mutable_spec() = head.spec();
  ClearSecrets(&domain);
  answer.set_paused(head.paused());
  if (head.has_save_time()) *answer.mutable_save_time() = head.save_time();
  answer.set_producer(open->image.producer);
  answer.set_version(open->image.version);
  if (request.format() == v1::Document::FORMAT_UNSPECIFIED) return answer;
  if (!core_->options_.formats.write) return WithContext(kVerb, Invalid("format", "is not one that is known"));
  absl::StatusOr<std::string> text = core_->options_.formats.write(request.format(), domain);
  if (!text.ok()) return WithContext(kVerb, text.status());
  answer.mutable_document()->set_format(request.format());
  answer.mutable_document()->set_text(*std::move(text));
  return answer;
}

absl::StatusOr<Core::ImageRecord> Core::RecordForImage(ChangeContext& context, drivers::HypervisorDriver* driver,
                                                       const Target& target, const store::v1::ImageHead& head) {
  if (absl::Status status = driver->Validate(head.spec()); !status.ok()) return status;
  ImageRecord image;
  if (const EntryPointer entry = registry_.snapshot()->Find(target.hypervisor, target.name); entry != nullptr) {
    if (entry->key->uid != head.uid()) {
      return Error(v1::REASON_DOMAIN_EXISTS,
                   absl::StrCat("there is a domain of this name, with UUID ", entry->key->uid, ", not ", head.uid()),
                   {{"name", target.resource_name()}, {"uid", entry->key->uid}});
    }
    if (IsActive(entry->state)) return StateError(*entry);
    image.record = RecordOf(*entry);
    if (image.record.domain().status().managed_save()) {
      return Error(v1::REASON_DOMAIN_STATE, "the domain has a managed save: start it, or remove that first");
    }
    return image;
  }
  absl::StatusOr<Reservations::Reservation> made =
      reservations_.Reserve(head.uid(), target.resource_name(), *context.access);
  if (!made.ok()) return made.status();
  image.reservation.emplace(*std::move(made));
  v1::Domain& domain = *image.record.mutable_domain();
  domain.set_name(target.resource_name());
  domain.set_uid(head.uid());
  *domain.mutable_spec() = head.spec();
  *domain.mutable_create_time() = util::ToProto(options_.clock->Now());
  MarkEnded(&image.record, v1::DOMAIN_STATE_REASON_DEFINED, "", options_.clock->Now());
  return image;
}

absl::Status Core::RestoreJob(ChangeContext& context, const v1::RestoreDomainRequest& request, const OpenImage& open,
                              drivers::Progress* progress) {
  const store::v1::ImageHead& head = open.image.head;
  const Target& target = open.target;
  absl::StatusOr<ImageRecord> image = RecordForImage(context, open.driver, target, head);
  if (!image.ok()) return image.status();
  Launch launch;
  launch.paused = request.paused() || (!request.running() && head.paused());
  launch.spec = head.spec();
  launch.reason = v1::DOMAIN_STATE_REASON_RESTORED;
  launch.detail = v1::EVENT_DETAIL_STARTED_RESTORED;
  launch.start = [&](const drivers::DomainKey& key) -> absl::StatusOr<drivers::RunningGuest> {
    progress->Report("memory", 0);
    absl::StatusOr<drivers::RunningGuest> guest =
        open.driver->StartFromMemory(key, head.spec(), open.file->get(), progress);
    if (!guest.ok()) return guest;
    // Up to here nothing of the guest has run, and its disks are as the file knows them.
    absl::Status status = progress->Cancelled() ? Error(v1::REASON_OPERATION_CANCELLED, "cancelled before it ran")
                                                : open.driver->Confirm(key, launch.paused);
    if (!status.ok()) {
      if (auto destroyed = open.driver->Destroy(key); !destroyed.ok()) {
        util::LogError("destroy ", target.resource_name(), " again: ", destroyed.status().message());
      }
      return status;
    }
    guest->paused = launch.paused;
    return guest;
  };
  return StartGuest(context, open.driver, target, std::move(image->record), launch).status();
}

void ManagerImpl::RestoreDomain(const Caller& caller, v1::RestoreDomainRequest request, Done<v1::Operation> done) {
  Core* const core = core_.get();
  auto open = std::make_shared<Core::OpenImage>();
  core->DoLong(caller, request,
               [&]() -> absl::StatusOr<Target> {
                 absl::StatusOr<Core::OpenImage> opened = core->OpenImageFile(caller, request.parent(), request.path());
                 if (!opened.ok()) return opened.status();
                 if (request.paused() && request.running()) return Invalid("running", "excludes paused");
                 *open = *std::move(opened);
                 absl::StatusOr<v1::DomainSpec> replaced =
                     ReplaceSpec(open->image.head, request, core->options_.formats);
                 if (!replaced.ok()) return replaced.status();
                 *open->image.head.mutable_spec() = *std::move(replaced);
                 return open->target;
               },
               std::move(done),
               {.verb = "restore",
                .name = "domain.restore",
                .check = [](const Target&) { return absl::OkStatus(); },
                .work =
                    [core, open, request](ChangeContext& context, const Target&, drivers::Progress* progress) {
                      return core->RestoreJob(context, request, *open, progress);
                    }});
}

absl::Status Core::DumpJob(ChangeContext& context, const Target& target, const v1::DumpDomainRequest& request,
                           drivers::Progress* progress) {
  absl::StatusOr<EntryPointer> entry = Expect(target, "");
  if (!entry.ok()) return entry.status();
  if (!IsActive((*entry)->state)) return StateError(**entry);
  absl::StatusOr<drivers::HypervisorDriver*> driver = DriverOf(target.hypervisor);
  if (!driver.ok()) return driver.status();
  const drivers::DomainKey key = KeyOf(**entry);
  absl::StatusOr<util::NewFile> file = util::NewFile::Create(request.path(), kFileMode);
  if (!file.ok()) return FileError(file.status());
  progress->Report("core", 0);
  absl::Status status = (*driver)->DumpCore(key, file->descriptor(), request.live(), progress);
  if (status.ok() && progress->Cancelled()) status = absl::CancelledError("the core was dropped");
  if (!status.ok()) return TransferError(status);
  if (status = file->Finish(); !status.ok()) return WithReason(v1::REASON_TRANSFER_FAILED, status);
  if (!request.crash()) return absl::OkStatus();

  progress->Report("end", 99);
  absl::StatusOr<drivers::GuestExit> exit = (*driver)->Destroy(key);
  if (!exit.ok()) return WithContext(absl::StrCat(request.path(), " is whole"), DriverError(exit.status()));
  Change change;
  change.record = RecordOf(**entry);
  MarkEnded(&change.record, v1::DOMAIN_STATE_REASON_CRASHED, absl::StrCat("its core is ", request.path()),
            options_.clock->Now());
  change.remove = !(*entry)->persistent;
  change.event = context.NewEvent(v1::EVENT_TYPE_STOPPED, v1::EVENT_DETAIL_STOPPED_CRASHED, (*entry)->state);
  change.event.set_message(change.record.domain().status().message());
  return CommitOrKeep(context, target, change, "the guest was dumped and ended").status();
}

void ManagerImpl::DumpDomain(const Caller& caller, v1::DumpDomainRequest request, Done<v1::Operation> done) {
  Core* const core = core_.get();
  core->DoLong(caller, request, [&] { return core->TargetOf(caller, request.name()); }, std::move(done),
               {.verb = "dump",
                .name = "domain.dump",
                .check =
                    [core, request](const Target& target) {
                      if (request.live() && request.crash()) return Invalid("crash", "excludes live");
                      return core->ExpectActive(target, "");
                    },
                .work =
                    [core, request](ChangeContext& context, const Target& target, drivers::Progress* progress) {
                      return core->DumpJob(context, target, request, progress);
                    }});
}

}  // namespace reeve::state

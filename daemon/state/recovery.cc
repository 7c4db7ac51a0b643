// The start of the daemon: what the store has, what the drivers find, and what is to start.
#include <utility>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/str_cat.h"
#include "daemon/state/core.h"
#include "formats/domain_name.h"
#include "formats/uuid.h"
#include "proto/status.h"
#include "util/files.h"
#include "util/log.h"
#include "util/proto_time.h"

namespace reeve::state {
namespace {

// Why a stored record cannot be used; empty if it can.
std::string FaultOf(const StoredObject& object, const store::v1::DomainRecord& record) {
  const v1::Domain& domain = record.domain();
  const formats::DomainNameParts parts = formats::SplitDomainResourceName(object.name);
  if (domain.name() != object.name) return absl::StrCat("has the name ", domain.name());
  if (domain.uid() != object.uid) return absl::StrCat("has the UUID ", domain.uid());
  if (absl::Status status = formats::CheckDomainName(parts.name); !status.ok()) return std::string(status.message());
  if (absl::StatusOr<std::string> uid = formats::ParseUuid(object.uid); !uid.ok()) {
    return std::string(uid.status().message());
  }
  if (!v1::DomainState_IsValid(domain.status().state()) || domain.status().state() == v1::DOMAIN_STATE_UNSPECIFIED) {
    return absl::StrCat("has the state ", static_cast<int>(domain.status().state()));
  }
  return "";
}

drivers::GuestExit Vanished(bool rebooted, absl::Time now) {
  drivers::GuestExit exit;
  exit.reason = v1::DOMAIN_STATE_REASON_VANISHED;
  exit.detail = v1::EVENT_DETAIL_STOPPED_VANISHED;
  exit.cause = v1::EVENT_CAUSE_EXTERNAL;
  exit.message = rebooted ? "the host was restarted" : "the guest vanished while the daemon did not run";
  *exit.status.mutable_time() = util::ToProto(now);
  return exit;
}

}  // namespace

absl::Status Core::LoadDomains() {
  absl::StatusOr<std::vector<StoredObject>> objects = store_->LoadObjects();
  if (!objects.ok()) return objects.status();
  std::vector<EntryPointer> entries;
  entries.reserve(objects->size());
  for (const StoredObject& object : *objects) {
    store::v1::DomainRecord record;
    std::string fault = record.ParseFromString(object.blob) ? FaultOf(object, record) : "cannot be parsed";
    if (fault.empty()) {
      entries.push_back(MakeEntry(record));
      continue;
    }
    util::LogError("the stored record of ", object.name, " ", fault, ": set aside");
    // A store that cannot be written keeps it for the next start.
    if (absl::Status status = store_->SetAside(object, fault, options_.clock->Now()); !status.ok()) {
      util::LogError("set aside ", object.name, ": ", status.message());
    }
  }
  registry_.Load(std::move(entries), store_->journal().newest);
  absl::StatusOr<int64_t> set_aside = store_->CountSetAside();
  if (!set_aside.ok()) return set_aside.status();
  set_aside_.store(static_cast<uint32_t>(*set_aside));
  return operations_.Load();
}

void Core::Recover(bool rebooted) {
  const std::vector<std::pair<Target, uint64_t>> unsettled = Unsettled();
  DropSettled(unsettled);
  for (const HypervisorSlot& slot : slots_) {
    std::vector<drivers::KnownDomain> known;
    absl::flat_hash_set<std::string> missing;
    const SnapshotPointer snapshot = registry_.snapshot();
    const auto [begin, end] = snapshot->Range(slot.name);
    for (size_t i = begin; i < end; ++i) {
      const Entry& entry = *snapshot->entries()[i];
      Settle(slot.driver.get(), entry.key->uid);
      if (!IsActive(entry.state)) continue;
      const store::v1::DomainRecord record = RecordOf(entry);
      known.push_back({KeyOf(entry), record.has_running_spec() ? record.running_spec() : record.domain().spec()});
      missing.insert(entry.key->uid);
    }
    for (const drivers::RecoveredDomain& found : slot.driver->Recover(known, slot.observer.get())) {
      missing.erase(found.key.uid);
      if (found.running.has_value()) {
        absl::Status status = Adopt(slot.name, found.key, found.spec, *found.running, v1::EVENT_CAUSE_DAEMON,
                                    "found running at the start of the daemon");
        if (!status.ok()) util::LogError("adopt ", slot.name, " domain ", found.key.name, ": ", status.message());
      } else if (found.ended.has_value()) {
        if (found.removed.empty()) {
          OnExit(slot.name, found.key, *found.ended);
        } else {
          ReportOrphan(slot, found);
        }
      }
    }
    for (const drivers::KnownDomain& domain : known) {
      if (missing.contains(domain.key.uid)) OnExit(slot.name, domain.key, Vanished(rebooted, options_.clock->Now()));
    }
  }
  ReleaseReports();
  EndAbandoned();
  for (const auto& [target, run] : unsettled) SettleLater(target, run);
}

void Core::ReportOrphan(const HypervisorSlot& slot, const drivers::RecoveredDomain& orphan) {
  const Target target{slot.name, orphan.key.name, orphan.key.uid, ""};
  util::LogWarn("recovery: ", target.resource_name(), ", UUID ", orphan.key.uid, ", is not known: removed ",
                orphan.removed);
  const SnapshotPointer snapshot = registry_.snapshot();
  if (!formats::CheckDomainName(orphan.key.name).ok() || !formats::ParseUuid(orphan.key.uid).ok()) return;
  if (snapshot->Find(slot.name, orphan.key.name) != nullptr || snapshot->FindUid(orphan.key.uid) != nullptr) return;
  ChangeContext context;
  context.cause = v1::EVENT_CAUSE_DAEMON;
  Change change;
  change.record.mutable_domain()->set_name(target.resource_name());
  change.record.mutable_domain()->set_uid(orphan.key.uid);
  MarkEnded(&change.record, v1::DOMAIN_STATE_REASON_VANISHED, "", options_.clock->Now());
  change.remove = true;
  change.event =
      context.NewEvent(v1::EVENT_TYPE_STOPPED, v1::EVENT_DETAIL_STOPPED_ORPHAN, v1::DOMAIN_STATE_UNSPECIFIED);
  change.event.set_message(absl::StrCat("left by an earlier daemon and not known: removed ", orphan.removed));
  if (absl::Status status = Commit(context, change).status(); !status.ok()) {
    util::LogWarn("recovery: ", target.resource_name(), ": ", status.message());
  }
}

absl::Status Core::Adopt(const std::string& hypervisor, const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                         const drivers::RunningGuest& guest, v1::EventCause cause, absl::string_view message) {
  const SnapshotPointer snapshot = registry_.snapshot();
  const absl::Time now = options_.clock->Now();
  const Target target{hypervisor, domain.name, domain.uid, ""};
  const EntryPointer entry = snapshot->Find(hypervisor, domain.name);
  if (absl::Status name = formats::CheckDomainName(domain.name); !name.ok() || !formats::ParseUuid(domain.uid).ok()) {
    util::LogError("a guest that runs has a bad name or UUID and is left alone: ", domain.name, ", ", domain.uid);
    return absl::OkStatus();
  }
  if ((entry != nullptr && entry->key->uid != domain.uid) ||
      (entry == nullptr && snapshot->FindUid(domain.uid) != nullptr)) {
    util::LogError("a guest that runs, ", target.resource_name(), " with UUID ", domain.uid,
                   ", is left alone: another domain has its name or UUID");
    return absl::OkStatus();
  }
  ChangeContext context;
  context.cause = cause;
  Change change;
  const bool expected = entry != nullptr && IsActive(entry->state) && entry->run == domain.run;
  if (expected) {
    change.record = RecordOf(*entry);
    const v1::DomainStatus& status = change.record.domain().status();
    const bool paused = entry->state == v1::DOMAIN_STATE_PAUSED;
    const bool asleep = entry->state == v1::DOMAIN_STATE_PMSUSPENDED;
    if (paused == guest.paused && asleep == guest.asleep && status.id() == guest.id &&
        status.supervisor_pid() == guest.supervisor_pid) {
      return absl::OkStatus();
    }
    // The guest was paused, resumed or restarted by another, or the daemon ended between the change and its commit.
    if (asleep != guest.asleep) {
      change.event =
          guest.asleep
              ? context.NewEvent(v1::EVENT_TYPE_PMSUSPENDED, v1::EVENT_DETAIL_PMSUSPENDED_MEMORY, entry->state)
              : context.NewEvent(v1::EVENT_TYPE_STARTED, v1::EVENT_DETAIL_STARTED_WOKEN_UP, entry->state);
      MarkRunning(&change.record, guest, domain.run,
                  guest.asleep ? v1::DOMAIN_STATE_REASON_ASLEEP : v1::DOMAIN_STATE_REASON_WOKEN_UP, now);
    } else if (paused != guest.paused) {
      change.event = guest.paused
                         ? context.NewEvent(v1::EVENT_TYPE_SUSPENDED, v1::EVENT_DETAIL_SUSPENDED_PAUSED, entry->state)
                         : context.NewEvent(v1::EVENT_TYPE_RESUMED, v1::EVENT_DETAIL_RESUMED_UNPAUSED, entry->state);
      MarkRunning(&change.record, guest, domain.run,
                  guest.paused ? v1::DOMAIN_STATE_REASON_USER : v1::DOMAIN_STATE_REASON_UNPAUSED, now);
    } else {
      if (cause != v1::EVENT_CAUSE_EXTERNAL) context.cause = v1::EVENT_CAUSE_GUEST;
      change.event = context.NewEvent(v1::EVENT_TYPE_REBOOTED, v1::EVENT_DETAIL_REBOOTED_GUEST, entry->state);
      MarkRunning(&change.record, guest, domain.run, v1::DOMAIN_STATE_REASON_REBOOTED, now);
    }
    change.event.set_message(cause == v1::EVENT_CAUSE_EXTERNAL ? std::string(message)
                                                               : "found so at the start of the daemon");
  } else {
    if (entry != nullptr) {
      change.record = RecordOf(*entry);
      change.record.mutable_domain()->mutable_status()->clear_updated();
      change.record.clear_running_spec();
    } else {
      v1::Domain& adopted = *change.record.mutable_domain();
      adopted.set_name(target.resource_name());
      adopted.set_uid(domain.uid);
      *adopted.mutable_spec() = spec;
      *adopted.mutable_create_time() = util::ToProto(now);
    }
    change.event = context.NewEvent(v1::EVENT_TYPE_STARTED, v1::EVENT_DETAIL_STARTED_ADOPTED,
                                    entry != nullptr ? entry->state : v1::DOMAIN_STATE_UNSPECIFIED);
    change.event.set_message(std::string(message));
    MarkRunning(&change.record, guest, domain.run, v1::DOMAIN_STATE_REASON_ADOPTED, now);
  }
  return CommitOrKeep(context, target, change, "the guest was found running").status();
}

absl::StatusOr<size_t> Core::Autostart() {
  const std::string marker = absl::StrCat(options_.run_directory, "/autostarted");
  if (absl::Status status = util::MakeDirectories(options_.run_directory, 0755); !status.ok()) return status;
  absl::StatusOr<std::string> boot = util::ReadFile(marker);
  if (boot.ok() && *boot == options_.boot_id) return 0;
  if (!boot.ok() && boot.status().code() != absl::StatusCode::kNotFound) {
    util::LogWarn("autostart: ", boot.status().message());
  }
  // Before the starts: a domain that brings the daemon down is not started again and again.
  if (absl::Status status = util::ReplaceFile(marker, options_.boot_id, 0644); !status.ok()) return status;

  size_t count = 0;
  for (const EntryPointer& entry : registry_.snapshot()->entries()) {
    if (!entry->autostart || IsActive(entry->state)) continue;
    ++count;
    const Target target{entry->key->hypervisor, entry->key->name, entry->key->uid, ""};
    executor_.SubmitAlways(target.resource_name(), [this, target] {
      if (draining_.load()) return;
      ChangeContext context;
      context.cause = v1::EVENT_CAUSE_DAEMON;
      absl::Status status = unstored_.Flush(target.resource_name());
      if (status.ok()) {
        status = AvailableDriverOf(target.hypervisor).status();
        absl::StatusOr<EntryPointer> present = Expect(target, "");
        if (!status.ok() && present.ok()) RecordStartFailure(context, RecordOf(**present), status);
      }
      if (status.ok()) status = StartJob(context, {}, target).status();
      if (!status.ok()) util::LogError("autostart ", target.resource_name(), ": ", status.message());
    });
  }
  return count;
}

}  // namespace reeve::state

// What drivers report of guests.
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/core.h"
#include "util/log.h"
#include "util/proto_time.h"

namespace reeve::state {

void Observer::OnExit(const drivers::DomainKey& domain, const drivers::GuestExit& exit) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (core_ != nullptr) core_->OnExit(hypervisor_, domain, exit);
}

void Observer::OnReboot(const drivers::DomainKey& domain, const drivers::RunningGuest& guest, bool requested) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (core_ != nullptr) core_->OnReboot(hypervisor_, domain, guest, requested);
}

void Observer::OnFound(const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                       const drivers::RunningGuest& guest) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (core_ != nullptr) core_->OnFound(hypervisor_, domain, spec, guest);
}

void Observer::OnState(const drivers::DomainKey& domain, const drivers::RunningGuest& guest) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (core_ != nullptr) core_->OnState(hypervisor_, domain, guest);
}

void Observer::Detach() {
  const std::lock_guard<std::mutex> lock(mutex_);
  core_ = nullptr;
}

void Core::Report(const std::string& hypervisor, const drivers::DomainKey& domain,
                  std::function<absl::Status(const Target&)> job) {
  std::function<void()> submit = [this, target = Target{hypervisor, domain.name, domain.uid, ""},
                                  job = std::move(job)] {
    executor_.SubmitAlways(target.resource_name(), [this, target, job] {
      absl::Status status = unstored_.Flush(target.resource_name());
      if (status.ok()) status = job(target);
      if (!status.ok()) unstored_.Add(target.resource_name(), [job, target] { return job(target); });
    });
  };
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (held_reports_.has_value()) {
      held_reports_->push_back(std::move(submit));
      return;
    }
  }
  submit();
}

void Core::ReleaseReports() {
  std::vector<std::function<void()>> reports;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    reports = std::move(*held_reports_);
    held_reports_.reset();
  }
  for (const std::function<void()>& report : reports) report();
}

void Core::OnExit(const std::string& hypervisor, const drivers::DomainKey& domain, const drivers::GuestExit& exit) {
  drivers::GuestExit timed = exit;
  if (!timed.status.has_time()) *timed.status.mutable_time() = util::ToProto(options_.clock->Now());
  Report(hypervisor, domain,
         [this, run = domain.run, timed](const Target& target) { return ExitJob(target, run, timed); });
}

void Core::OnReboot(const std::string& hypervisor, const drivers::DomainKey& domain, const drivers::RunningGuest& guest,
                    bool requested) {
  const absl::Time now = options_.clock->Now();
  Report(hypervisor, domain, [this, run = domain.run, guest, requested, now](const Target& target) {
    return RebootedJob(target, run, guest, requested, now);
  });
}

void Core::OnFound(const std::string& hypervisor, const drivers::DomainKey& domain, const v1::DomainSpec& spec,
                   const drivers::RunningGuest& guest) {
  Report(hypervisor, domain, [this, domain, spec, guest](const Target& target) {
    return Adopt(target.hypervisor, domain, spec, guest, v1::EVENT_CAUSE_EXTERNAL, "by another toolstack");
  });
}

void Core::OnState(const std::string& hypervisor, const drivers::DomainKey& domain,
                   const drivers::RunningGuest& guest) {
  const absl::Time now = options_.clock->Now();
  Report(hypervisor, domain,
         [this, run = domain.run, guest, now](const Target& target) { return StateJob(target, run, guest, now); });
}

absl::Status Core::ExitJob(const Target& target, uint64_t run, const drivers::GuestExit& exit) {
  const EntryPointer entry = registry_.snapshot()->Find(target.hypervisor, target.name);
  if (entry == nullptr || entry->key->uid != target.uid || entry->run != run || !IsActive(entry->state)) {
    util::LogDebug(target.resource_name(), ": the end of run ", run, " is known already");
    return absl::OkStatus();
  }
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    reboot_requestors_.erase(target.uid);
  }
  Change change;
  change.record = RecordOf(*entry);
  *change.record.mutable_domain()->mutable_status()->mutable_last_exit() = exit.status;
  MarkEnded(&change.record, exit.reason, exit.message, util::FromProto(exit.status.time()));
  change.remove = !entry->persistent;
  ChangeContext context;
  context.cause = exit.cause;
  change.event = context.NewEvent(v1::EVENT_TYPE_STOPPED, exit.detail, entry->state);
  change.event.set_message(exit.message);
  *change.event.mutable_time() = exit.status.time();
  return Commit(context, change).status();
}

absl::Status Core::StateJob(const Target& target, uint64_t run, const drivers::RunningGuest& guest, absl::Time time) {
  const EntryPointer entry = registry_.snapshot()->Find(target.hypervisor, target.name);
  if (entry == nullptr || entry->key->uid != target.uid || entry->run != run || !IsActive(entry->state) ||
      DomainOf(*entry).status().id() != guest.id) {
    util::LogDebug(target.resource_name(), ": a state of run ", run, ", which has ended");
    return absl::OkStatus();
  }
  const v1::DomainState state = StateOf(guest);
  if (state == entry->state || guest.asleep) return absl::OkStatus();
  ChangeContext context;
  context.cause = v1::EVENT_CAUSE_EXTERNAL;
  v1::DomainStateReason reason = v1::DOMAIN_STATE_REASON_UNPAUSED;
  v1::EventType type = v1::EVENT_TYPE_RESUMED;
  v1::EventDetail detail = v1::EVENT_DETAIL_RESUMED_UNPAUSED;
  std::string message = "by another toolstack";
  if (state == v1::DOMAIN_STATE_PAUSED) {
    reason = v1::DOMAIN_STATE_REASON_USER;
    type = v1::EVENT_TYPE_SUSPENDED;
    detail = v1::EVENT_DETAIL_SUSPENDED_PAUSED;
  } else if (guest.kept != v1::DOMAIN_STATE_UNSPECIFIED) {
    const bool crashed = state == v1::DOMAIN_STATE_CRASHED;
    context.cause = crashed ? v1::EVENT_CAUSE_CRASH : v1::EVENT_CAUSE_GUEST;
    reason = crashed ? v1::DOMAIN_STATE_REASON_CRASHED : v1::DOMAIN_STATE_REASON_SHUTDOWN;
    type = crashed ? v1::EVENT_TYPE_CRASHED : v1::EVENT_TYPE_SHUTDOWN;
    detail = v1::EVENT_DETAIL_UNSPECIFIED;
    message = "it has stopped and is kept as it is; destroy ends it";
  }
  Change change;
  change.record = RecordOf(*entry);
  MarkRunning(&change.record, guest, run, reason, time);
  if (guest.kept != v1::DOMAIN_STATE_UNSPECIFIED) {
    change.record.mutable_domain()->mutable_status()->set_message(message);
  }
  change.event = context.NewEvent(type, detail, entry->state);
  change.event.set_message(message);
  *change.event.mutable_time() = util::ToProto(time);
  return Commit(context, change).status();
}

absl::Status Core::RebootedJob(const Target& target, uint64_t run, const drivers::RunningGuest& guest, bool requested,
                               absl::Time time) {
  const EntryPointer entry = registry_.snapshot()->Find(target.hypervisor, target.name);
  if (entry == nullptr || entry->key->uid != target.uid || entry->run != run || !IsActive(entry->state)) {
    util::LogDebug(target.resource_name(), ": a reboot of run ", run, ", which has ended");
    return absl::OkStatus();
  }
  ChangeContext context;
  context.cause = requested ? v1::EVENT_CAUSE_USER : v1::EVENT_CAUSE_GUEST;
  if (requested) {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (const auto found = reboot_requestors_.find(target.uid); found != reboot_requestors_.end()) {
      context.requestor = found->second;
    }
  }
  Change change;
  change.record = RecordOf(*entry);
  MarkRunning(&change.record, guest, run, v1::DOMAIN_STATE_REASON_REBOOTED, time);
  change.event =
      context.NewEvent(v1::EVENT_TYPE_REBOOTED,
                       requested ? v1::EVENT_DETAIL_REBOOTED_REQUESTED : v1::EVENT_DETAIL_REBOOTED_GUEST, entry->state);
  *change.event.mutable_time() = util::ToProto(time);
  absl::Status status = Commit(context, change).status();
  if (status.ok() && requested) {
    const std::lock_guard<std::mutex> lock(mutex_);
    reboot_requestors_.erase(target.uid);
  }
  return status;
}

}  // namespace reeve::state

#include "drivers/xen/guest_monitor.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "drivers/xen/adoption.h"
#include "drivers/xen/endings.h"
#include "drivers/xen/guest_changes.h"
#include "drivers/xen/guest_making.h"
#include "drivers/xen/host_devices.h"
#include "drivers/xen/recovery.h"
#include "util/files.h"
#include "util/log.h"

namespace reeve::xen {

void GuestMonitor::End() {
  std::unique_ptr<drivers::Worker> worker;
  {
    absl::MutexLock lock(&worker_mutex_);
    worker = std::move(worker_);
  }
}

void GuestMonitor::Later(std::function<void()> job) {
  absl::MutexLock lock(&worker_mutex_);
  if (worker_ != nullptr) worker_->Add(std::move(job));
}

void GuestMonitor::OnStopped(uint32_t domid, StopReason reason) {
  Later([this, domid, reason] { HandleStop(domid, reason); });
}

void GuestMonitor::OnGone(uint32_t domid) {
  Later([this, domid] { HandleGone(domid); });
}

void GuestMonitor::OnDomainsChanged() {
  if (change_queued_.exchange(true)) return;
  Later([this] {
    change_queued_ = false;  // before it looks: what happens then is looked at again
    HandleChange();
  });
}

void GuestMonitor::HandleStop(uint32_t domid, StopReason reason) {
  if (reason == StopReason::kSuspend) return SettleAbandoned(context_, domid);
  std::optional<GuestClaim> claim = context_.guests().ClaimStopped(domid);
  if (!claim.has_value()) return SeeForeignStop(domid, reason);
  // What was heard may be older than the claim: a guest that has been reset since runs again.
  const absl::StatusOr<GuestFacts> facts = context_.toolstack().Look(domid);
  if (!facts.ok() || !facts->stopped || facts->stop_reason != reason) return;
  if (reason == StopReason::kSoftReset) return SoftReset(*std::move(claim));
  const Guest& guest = *claim->guest();
  const Aftermath aftermath = AftermathOf(reason, guest.spec.lifecycle_actions());
  const absl::Time now = absl::Now();
  if (aftermath.dump_core) DumpCore(guest);
  if (aftermath.preserve) {
    util::LogWarn(guest.key.name, " has stopped and is preserved, as its definition says; destroy ends it");
    Guest kept = guest;
    kept.kept = KeptStateOf(reason);
    claim->Preserve(kept.kept);
    if (observer_ != nullptr) observer_->OnState(kept.key, kept.Describe());
    return;
  }
  Remove(guest);
  if (aftermath.restart) return Restart(*std::move(claim));
  EndGuest(*std::move(claim), "the guest has ended", ExitOf(reason, now));
}

void GuestMonitor::SeeForeignStop(uint32_t domid, StopReason reason) {
  // Nobody keeps a guest that restarts.
  if (reason != StopReason::kPowerOff && reason != StopReason::kCrash && reason != StopReason::kWatchdog) return;
  std::optional<GuestClaim> claim = context_.guests().ClaimDomid(domid);
  // Of ours it is being saved or destroyed, or its end will be seen.
  if (!claim.has_value() || !claim->guest()->foreign || claim->guest()->preserved() || domid == 0) return;
  const absl::StatusOr<GuestFacts> facts = context_.toolstack().Look(domid);
  if (!facts.ok() || !facts->stopped || facts->dying) return;
  Guest kept = *claim->guest();
  kept.kept = KeptStateOf(reason);
  claim->Preserve(kept.kept);
  if (observer_ != nullptr) observer_->OnState(kept.key, kept.Describe());
}

void GuestMonitor::EndGuest(GuestClaim claim, const std::string& console_words, const drivers::GuestExit& exit) {
  const Guest& guest = *claim.guest();
  ReturnManaged(context_, guest);
  guest.console->Close(console_words);
  claim.Drop();
  if (observer_ != nullptr) observer_->OnExit(guest.key, exit);
}

void GuestMonitor::Remove(const Guest& guest) {
  if (absl::Status status = context_.toolstack().Destroy(guest.domid);
      !status.ok() && status.code() != absl::StatusCode::kNotFound) {
    util::LogError("destroy ", guest.key.name, ", which has stopped: ", status.message());
  }
}

void GuestMonitor::SoftReset(GuestClaim claim) {
  const Guest& guest = *claim.guest();
  Toolstack& toolstack = context_.toolstack();
  absl::StatusOr<DomainConfig> config = toolstack.ConfigOf(guest.domid);
  absl::Status status = config.status();
  if (status.ok()) status = toolstack.SoftReset(guest.domid, &*config);
  if (status.ok()) status = toolstack.Watch(guest.domid);
  if (status.ok()) status = toolstack.Unpause(guest.domid);
  if (status.ok()) return util::LogInfo(guest.key.name, " has started another kernel in its place");
  Remove(guest);
  EndGuest(std::move(claim), "the guest has ended", RestartFailed(std::string(status.message()), absl::Now()));
}

void GuestMonitor::DumpCore(const Guest& guest) {
  const std::string directory = absl::StrCat(context_.state_directory(), "/dump");
  const std::string path = absl::StrCat(directory, "/", guest.key.uid, "-", absl::ToUnixSeconds(absl::Now()), ".core");
  absl::Status status = util::MakeDirectories(directory, 0700);
  if (status.ok()) status = context_.toolstack().DumpCore(guest.domid, path);
  if (status.ok()) {
    util::LogInfo("the core of ", guest.key.name, " is ", path);
  } else {
    util::LogError("dump the core of ", guest.key.name, ": ", status.message());
  }
}

void GuestMonitor::Restart(GuestClaim claim) {
  const Guest& guest = *claim.guest();
  absl::StatusOr<Guest> restarted = MakeGuest(context_, guest.key, guest.spec, false);
  if (!restarted.ok()) {
    return EndGuest(std::move(claim), "the guest restarts",
                    RestartFailed(std::string(restarted.status().message()), absl::Now()));
  }
  guest.console->Close("the guest restarts");
  const drivers::RunningGuest running = restarted->Describe();
  claim.Put(*std::move(restarted));
  if (observer_ != nullptr) observer_->OnReboot(guest.key, running, guest.reboot_asked);
  OnDomainsChanged();  // it may have stopped before it was known
}

void GuestMonitor::HandleGone(uint32_t domid) {
  std::optional<GuestClaim> claim = context_.guests().ClaimDomid(domid);
  if (claim.has_value()) EndGuest(*std::move(claim), "the guest is gone", DestroyedByAnother(absl::Now()));
}

void GuestMonitor::HandleFound(uint32_t domid, const std::string& uid) {
  std::optional<GuestClaim> claim = context_.guests().Claim(uid);
  if (!claim.has_value()) return;  // ours: it is being made, or ended
  const std::optional<Guest>& known = claim->guest();
  if (known.has_value() && known->domid == domid) return;
  // The list was older than the claim.
  const absl::StatusOr<GuestFacts> facts = context_.toolstack().Look(domid);
  if (!facts.ok() || facts->dying) return;
  if (known.has_value()) {
    // Two domains with one UUID: the one that is known stays so while it is there.
    const absl::StatusOr<GuestFacts> first = context_.toolstack().Look(known->domid);
    if (first.ok() && !first->dying) return;
  }
  absl::StatusOr<Guest> found = ReadGuest(context_, *facts);
  if (!found.ok()) return;  // it is not ready yet: it is looked at again
  if (known.has_value()) {  // made anew by who made it: the same guest under another number
    found->key = known->key;
    found->spec = known->spec;
  }
  const Guest guest = *found;
  AdoptGuest(context_, *claim, *std::move(found));
  if (observer_ != nullptr) observer_->OnFound(guest.key, guest.spec, guest.Describe());
}

void GuestMonitor::HandleChange() {
  const std::vector<Guest> known = context_.guests().All();  // before the list: see CompareGuests
  absl::StatusOr<std::vector<GuestFacts>> list = context_.toolstack().List();
  if (!list.ok()) return util::LogError("Xen: ", list.status().message());
  const GuestChanges changes = CompareGuests(known, *list);
  for (const GuestFacts& facts : changes.found) HandleFound(facts.domid, facts.uuid);
  for (const GuestFacts& facts : changes.stopped) HandleStop(facts.domid, facts.stop_reason);
  for (const Guest& guest : changes.paused) HandlePause(guest);
  for (const Guest& guest : changes.gone) HandleGone(guest.domid);
}

void GuestMonitor::HandlePause(const Guest& known) {
  const std::optional<Guest> changed = pauses_.Refresh(known);
  if (!changed.has_value() || observer_ == nullptr) return;
  observer_->OnState(changed->key, changed->Describe());
}

}  // namespace reeve::xen

#include "drivers/xen/pause_control.h"

#include "absl/status/statusor.h"
#include "drivers/xen/memory_writing.h"

namespace reeve::xen {

absl::Status PauseControl::SetPaused(const drivers::DomainKey& domain, bool paused) {
  absl::StatusOr<Guest> guest = context_.FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  Toolstack& toolstack = context_.toolstack();
  absl::MutexLock lock(&mutex_);
  if (!paused && guest->still) return LetRunOn(context_, *guest);
  absl::Status status = paused ? toolstack.Pause(guest->domid) : toolstack.Unpause(guest->domid);
  if (!status.ok()) return DriverError(status);
  context_.guests().SetPaused(guest->domid, paused);
  return absl::OkStatus();
}

std::optional<Guest> PauseControl::Refresh(const Guest& known) {
  absl::MutexLock lock(&mutex_);  // a list may be older than what we did
  absl::StatusOr<GuestFacts> facts = context_.toolstack().Look(known.domid);
  if (!facts.ok() || !context_.guests().SeePaused(known.domid, facts->paused)) return std::nullopt;
  Guest changed = known;
  changed.paused = facts->paused;
  return changed;
}

}  // namespace reeve::xen

#include "drivers/xen/recovery.h"

#include <map>
#include <optional>
#include <string>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/clock.h"
#include "drivers/xen/adoption.h"
#include "drivers/xen/endings.h"
#include "drivers/xen/managed_save.h"
#include "drivers/xen/memory_writing.h"
#include "drivers/xen/still_note.h"
#include "util/log.h"

namespace reeve::xen {
namespace {

// For a guest to stop that was asked to: as long as libxenlight waits for its answer.
constexpr absl::Duration kAnswerTime = absl::Minutes(1);

// The domains that the store believes to run and that were not met yet, by uid.
using Missing = std::map<std::string, const drivers::KnownDomain*>;

drivers::GuestExit Vanished() {
  drivers::GuestExit exit = DestroyedByAnother(absl::Now());
  exit.reason = v1::DOMAIN_STATE_REASON_VANISHED;
  exit.detail = v1::EVENT_DETAIL_STOPPED_VANISHED;
  exit.message = "it ended while the daemon did not run";
  return exit;
}

// A daemon that ended while it wrote the memory has told nobody that it was done.
void LetGoOn(DriverContext& context, const Guest& guest, StillReason reason) {
  if (reason == StillReason::kSending) {
    if (absl::Status status = LetRunOn(context, guest); !status.ok()) {
      util::LogError("let ", guest.key.name, " run on, whose memory was being written: ", status.message());
    }
  } else if (reason == StillReason::kNone) {
    GiveUpManagedSave(context, guest.key, guest.domid);
  }
}

void RecoverPresent(DriverContext& context, ToolstackObserver* monitor, Missing* missing,
                    std::vector<drivers::RecoveredDomain>* recovered) {
  if (absl::Status status = context.toolstack().Observe(monitor); !status.ok()) {
    util::LogError("Xen: ", status.message());
  }
  absl::StatusOr<std::vector<GuestFacts>> list = context.toolstack().List();
  if (!list.ok()) return util::LogError("Xen: ", list.status().message());
  for (const GuestFacts& facts : *list) {
    if (facts.dying) continue;
    std::optional<GuestClaim> claim = context.guests().Claim(facts.uuid);
    // Not its first: another domain with the UUID is there, and was met.
    if (!claim.has_value() || claim->guest().has_value()) continue;
    absl::StatusOr<Guest> guest = ReadGuest(context, facts);
    if (!guest.ok()) {
      util::LogWarn("domain ", facts.domid, " of Xen is left alone: ", guest.status().message());
      continue;
    }
    if (const auto expected = missing->find(facts.uuid); expected != missing->end()) {
      guest->key = expected->second->key;
      if (guest->foreign) guest->spec = expected->second->spec;
      missing->erase(expected);
    }
    const bool stands = facts.stopped && facts.stop_reason == StopReason::kSuspend;
    const StillReason reason = guest->foreign ? StillReason::kNone : ReadStillNote(context.toolstack(), facts.domid);
    if (reason == StillReason::kArriving) {
      util::LogWarn("recovery: ", guest->key.name, " came in when the last daemon ended: it is destroyed");
      if (absl::Status status = context.toolstack().Destroy(facts.domid); !status.ok()) {
        util::LogError("destroy ", guest->key.name, ": ", status.message());
      }
      continue;
    }
    guest->still = stands && reason == StillReason::kHanded;
    guest->asleep = stands && reason == StillReason::kAsleep;
    drivers::RecoveredDomain& domain = recovered->emplace_back();
    domain.key = guest->key;
    domain.spec = guest->spec;
    domain.running = guest->Describe();
    const bool abandoned = reason == StillReason::kSending ||
                           (!guest->foreign && reason == StillReason::kNone && HasUnfinishedSave(context, guest->key));
    if (!stands && abandoned) guest->abandoned_until = absl::Now() + kAnswerTime;
    const Guest adopted = *guest;
    AdoptGuest(context, *claim, *std::move(guest));
    if (stands) LetGoOn(context, adopted, reason);
    // Its end waits to be handled since the last daemon.
    if (facts.stopped) monitor->OnStopped(facts.domid, facts.stop_reason);
  }
}

}  // namespace

void SettleAbandoned(DriverContext& context, uint32_t domid) {
  // Not while a part of ours holds it, which has asked for the stop itself.
  const std::optional<GuestClaim> claim = context.guests().ClaimDomid(domid);
  if (!claim.has_value() || claim->guest()->abandoned_until < absl::Now()) return;
  const absl::StatusOr<GuestFacts> facts = context.toolstack().Look(domid);
  if (!facts.ok() || !facts->stopped || facts->dying || facts->stop_reason != StopReason::kSuspend) return;
  LetGoOn(context, *claim->guest(), ReadStillNote(context.toolstack(), domid));
}

std::vector<drivers::RecoveredDomain> RecoverGuests(DriverContext& context, ToolstackObserver* monitor,
                                                    const std::vector<drivers::KnownDomain>& known) {
  std::vector<drivers::RecoveredDomain> recovered;
  Missing missing;
  for (const drivers::KnownDomain& domain : known) missing[domain.key.uid] = &domain;
  if (context.available()) RecoverPresent(context, monitor, &missing, &recovered);
  for (const auto& [uid, domain] : missing) {
    drivers::RecoveredDomain& ended = recovered.emplace_back();
    ended.key = domain->key;
    ended.ended = Vanished();
  }
  return recovered;
}

}  // namespace reeve::xen

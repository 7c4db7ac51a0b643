#include "drivers/xen/memory_transfer.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "drivers/xen/guest_making.h"
#include "drivers/xen/host_devices.h"
#include "drivers/xen/memory_writing.h"
#include "drivers/xen/still_note.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::xen {
namespace {

absl::Status Refuse(absl::string_view why) {
  return Error(v1::REASON_DOMAIN_STATE, absl::StrCat("the guest ", why));
}

// After something that has failed: the guest goes on, and a daemon that comes back must not take it for one that
// stands.
void TakeNoteAway(DriverContext& context, const Guest& guest) {
  if (absl::Status status = WriteStillNote(context.toolstack(), guest.domid, StillReason::kNone); !status.ok()) {
    util::LogWarn("take the note of ", guest.key.name, " away: ", status.message());
  }
}

}  // namespace

absl::Status SendMemory(DriverContext& context, const drivers::DomainKey& domain, int descriptor, bool live,
                        drivers::Progress* progress) {
  absl::StatusOr<GuestClaim> claim = context.Claim(domain);
  if (!claim.ok()) return claim.status();
  const Guest& guest = *claim->guest();
  if (absl::Status status = CheckCanSend(guest); !status.ok()) return status;
  // Before it can stop: a daemon that comes back must know whose work it is.
  absl::Status status = WriteStillNote(context.toolstack(), guest.domid, StillReason::kSending);
  status = status.ok() ? WriteMemory(context, guest, descriptor, live, progress) : DriverError(status);
  if (status.ok()) {
    context.guests().SetStanding(guest.domid, /*still=*/true, /*asleep=*/false);
    return status;
  }
  TakeNoteAway(context, guest);
  return status;
}

absl::Status EndSending(DriverContext& context, const drivers::DomainKey& domain, bool gone) {
  absl::StatusOr<GuestClaim> claim = context.Claim(domain);
  if (!claim.ok()) return claim.status();
  const Guest& guest = *claim->guest();
  if (!gone) return LetRunOn(context, guest);
  absl::Status status = context.toolstack().Destroy(guest.domid);
  if (!status.ok() && status.code() != absl::StatusCode::kNotFound) return DriverError(status);
  ReturnManaged(context, guest);
  guest.console->Close("the guest was saved or has moved");
  claim->Drop();
  return absl::OkStatus();
}

absl::Status KeepStill(DriverContext& context, const drivers::DomainKey& domain) {
  absl::StatusOr<Guest> guest = context.FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  absl::Status status = WriteStillNote(context.toolstack(), guest->domid, StillReason::kHanded);
  return status.ok() ? status : DriverError(status);
}

absl::StatusOr<drivers::RunningGuest> StartFromMemory(DriverContext& context, const drivers::DomainKey& domain,
                                                      const v1::DomainSpec& spec, int descriptor) {
  if (absl::Status status = context.RefuseUnavailable(); !status.ok()) return status;
  absl::StatusOr<GuestClaim> claim = context.ClaimAbsent(domain);
  if (!claim.ok()) return claim.status();
  absl::StatusOr<PreparedGuest> prepared = PrepareGuest(context, domain, spec);
  if (!prepared.ok()) return prepared.status();
  absl::StatusOr<uint32_t> domid = context.toolstack().Restore(&prepared->config, descriptor);
  if (!domid.ok()) return WithReason(v1::REASON_START_FAILED, domid.status());
  // Before the note that makes it a guest of ours.
  if (absl::Status status = WriteStillNote(context.toolstack(), *domid, StillReason::kArriving); !status.ok()) {
    if (absl::Status destroyed = context.toolstack().Destroy(*domid); !destroyed.ok()) {
      util::LogError("destroy the half-made guest ", domain.name, ": ", destroyed.message());
    }
    return WithReason(v1::REASON_START_FAILED, status);
  }
  absl::StatusOr<Guest> guest = FinishGuest(context, domain, prepared->spec, *domid, /*paused=*/true);
  if (!guest.ok()) return WithReason(v1::REASON_START_FAILED, guest.status());
  const drivers::RunningGuest running = guest->Describe();
  claim->Put(*std::move(guest));
  return running;
}

absl::Status KeepStarted(DriverContext& context, const drivers::DomainKey& domain) {
  absl::StatusOr<Guest> guest = context.FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  absl::Status status = WriteStillNote(context.toolstack(), guest->domid, StillReason::kNone);
  return status.ok() ? status : DriverError(status);
}

absl::Status DumpGuestCore(DriverContext& context, const drivers::DomainKey& domain, int descriptor, bool live) {
  // Claimed, so that nobody takes our pause for another toolstack's.
  absl::StatusOr<GuestClaim> claim = context.Claim(domain);
  if (!claim.ok()) return claim.status();
  const Guest& guest = *claim->guest();
  Toolstack& toolstack = context.toolstack();
  const bool pause = !live && !guest.paused && !guest.asleep && !guest.still && !guest.preserved();
  if (pause) {
    if (absl::Status status = toolstack.Pause(guest.domid); !status.ok()) return DriverError(status);
  }
  // libxenlight opens a path; this one is the file that is open already, whatever its name has become.
  absl::Status status = toolstack.DumpCore(guest.domid, absl::StrCat("/proc/self/fd/", descriptor));
  if (pause) {
    if (absl::Status resumed = toolstack.Unpause(guest.domid); !resumed.ok()) {
      util::LogError("resume ", domain.name, " after its core was written: ", resumed.message());
      if (status.ok()) status = resumed;
    }
  }
  return status.ok() ? status : DriverError(status);
}

absl::Status PutToSleep(DriverContext& context, const drivers::DomainKey& domain, v1::SleepTarget target) {
  if (target != v1::SLEEP_TARGET_MEMORY) {
    return Error(v1::REASON_UNSUPPORTED_BY_DRIVER, "Xen's guests keep their state in memory only when they sleep");
  }
  absl::StatusOr<GuestClaim> claim = context.Claim(domain);
  if (!claim.ok()) return claim.status();
  const Guest& guest = *claim->guest();
  if (absl::Status status = CheckCanSend(guest); !status.ok()) return status;
  Toolstack& toolstack = context.toolstack();
  if (absl::Status status = WriteStillNote(toolstack, guest.domid, StillReason::kAsleep); !status.ok()) {
    return DriverError(status);
  }
  absl::Status status = toolstack.Sleep(guest.domid);
  if (status.ok()) {
    context.guests().SetStanding(guest.domid, /*still=*/false, /*asleep=*/true);
    return status;
  }
  TakeNoteAway(context, guest);
  if (status.code() == absl::StatusCode::kDeadlineExceeded) return WithReason(v1::REASON_GUEST_CANNOT, status);
  return AskedError(status);
}

absl::Status WakeUp(DriverContext& context, const drivers::DomainKey& domain) {
  absl::StatusOr<Guest> guest = context.FindChangeable(domain);
  if (!guest.ok()) return guest.status();
  if (!guest->asleep) return Refuse("does not sleep");
  return LetRunOn(context, *guest);
}

}  // namespace reeve::xen

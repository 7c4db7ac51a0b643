#include "drivers/xen/memory_writing.h"

#include <sys/stat.h>

#include <algorithm>
#include <cstdint>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "drivers/xen/still_note.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::xen {
namespace {

absl::Status Refuse(absl::string_view why) {
  return Error(v1::REASON_DOMAIN_STATE, absl::StrCat("the guest ", why));
}

// How much of the memory a file has; of a pipe or socket nobody knows.
uint32_t PercentOf(int descriptor, uint64_t expected) {
  struct stat facts {};
  if (fstat(descriptor, &facts) < 0 || !S_ISREG(facts.st_mode)) return 0;
  return static_cast<uint32_t>(std::min<uint64_t>(static_cast<uint64_t>(facts.st_size) * 100 / expected, 99));
}

}  // namespace

absl::Status CheckCanSend(const Guest& guest) {
  if (guest.paused) return Refuse("is suspended, and Xen needs its help to write its memory: resume it first");
  if (guest.asleep) return Refuse("sleeps, and Xen needs its help to write its memory: wake it up first");
  if (guest.still) return Refuse("stands still since a migration that was cut off: resume or destroy it first");
  if (guest.preserved()) return Refuse("has stopped and is preserved");
  return absl::OkStatus();
}

absl::Status LetRunOn(DriverContext& context, const Guest& guest) {
  absl::Status status = context.toolstack().Resume(guest.domid);
  if (!status.ok()) return DriverError(status);
  context.guests().SetStanding(guest.domid, /*still=*/false, /*asleep=*/false);
  if (status = WriteStillNote(context.toolstack(), guest.domid, StillReason::kNone); !status.ok()) {
    util::LogWarn("take the note of ", guest.key.name, " away: ", status.message());
  }
  return absl::OkStatus();
}

absl::Status WriteMemory(DriverContext& context, const Guest& guest, int descriptor, bool live,
                         drivers::Progress* progress) {
  const uint64_t expected = std::max<uint64_t>(guest.spec.memory_kib() * 1024, 1);
  absl::Status status = context.toolstack().Save(guest.domid, descriptor, live, [&] {
    progress->Report("memory", PercentOf(descriptor, expected));
    return progress->Cancelled();
  });
  if (status.ok()) return status;
  // Where it has stopped already and only the writing failed.
  const absl::StatusOr<GuestFacts> facts = context.toolstack().Look(guest.domid);
  if (facts.ok() && facts->stopped && facts->stop_reason == StopReason::kSuspend) {
    if (absl::Status resumed = context.toolstack().Resume(guest.domid); !resumed.ok()) {
      util::LogError("let ", guest.key.name, " run on after its memory could not be written: ", resumed.message());
    }
  }
  if (status.code() == absl::StatusCode::kCancelled) return WithReason(v1::REASON_OPERATION_CANCELLED, status);
  return DriverError(status);
}

}  // namespace reeve::xen

// What a hypervisor driver does with the memory of guests: out into a descriptor and in from one, to save, to restore, to
// dump and to migrate. A driver has what it overrides; the rest is UNSUPPORTED_BY_DRIVER. Files are the caller's matter.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "drivers/guest_access.h"
#include "drivers/running_guest.h"
#include "drivers/saved_image.h"
#include "reeve/v1/domain_spec.pb.h"
#include "reeve/v1/power_service.pb.h"

namespace reeve::drivers {

// Told by a long call how far it is; asked by it whether it shall end. Thread-safe.
class Progress {
 public:
  virtual ~Progress() = default;
  virtual void Report(absl::string_view phase, uint32_t percent) = 0;
  virtual bool Cancelled() const = 0;
};

// Calls that change a domain are made one at a time per domain, in its queue.
class GuestImages {
 public:
  virtual ~GuestImages() = default;

  // Whether the guest's memory can be sent at all; no effect.
  virtual absl::Status CanSendMemory(const DomainKey& domain) const;
  // Writes the guest's memory to a file, pipe or socket. `live`: it runs on meanwhile for as long as it can. Afterwards it
  // stands still and is still there, whatever happens to it but EndSending, also when the daemon is gone: then the next
  // one's Recover lets it run on. After an error it runs on; CANCELLED when `progress` says so.
  virtual absl::Status SendMemory(const DomainKey& domain, int descriptor, bool live, Progress* progress);
  // The guest goes (`gone`), or runs on. Once after each SendMemory that has succeeded.
  virtual absl::Status EndSending(const DomainKey& domain, bool gone);
  // Between the two: from now on the next daemon's Recover leaves the guest as it is, and reports it as suspended, for
  // another host may run it. Resume lets it run on as EndSending does.
  virtual absl::Status KeepStill(const DomainKey& domain);

  // What the head of a saved guest's file says; leaves the position where the memory begins. The bytes are hostile.
  // IMAGE_INVALID.
  virtual absl::StatusOr<SavedImage> ReadImage(int descriptor) const;
  // Whether guests can be started from memory at all; no effect.
  virtual absl::Status CanStartFromMemory() const;
  // Starts a guest from what SendMemory has written. It is suspended, and there for the time being only: Confirm it or
  // Destroy it; the next daemon's Recover destroys it. After an error nothing of it is left.
  virtual absl::StatusOr<RunningGuest> StartFromMemory(const DomainKey& domain, const v1::DomainSpec& spec,
                                                       int descriptor, Progress* progress);
  // A guest that StartFromMemory has started is there to stay, and runs unless `paused`.
  virtual absl::Status Confirm(const DomainKey& domain, bool paused);
  // Drops what Save has saved of a guest that does not run.
  virtual absl::Status RemoveSaved(const DomainKey& domain);

  // Writes a core to the empty file; the guest is suspended meanwhile unless `live`, and then as it was.
  virtual absl::Status DumpCore(const DomainKey& domain, int descriptor, bool live, Progress* progress);

  // The guest's own power management. Sleep returns when it sleeps. GUEST_CANNOT, DOMAIN_STATE.
  virtual absl::Status Sleep(const DomainKey& domain, v1::SleepTarget target);
  virtual absl::Status Wake(const DomainKey& domain);
};

}  // namespace reeve::drivers

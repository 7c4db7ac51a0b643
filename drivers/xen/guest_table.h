// The guests that the driver knows, and which of them it is at work on.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "drivers/driver.h"
#include "drivers/xen/display_ports.h"
#include "drivers/xen/pty_console.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::xen {

// A guest that runs. A copy is handed out: what it says was so at one moment.
struct Guest {
  drivers::DomainKey key;
  v1::DomainSpec spec;
  uint32_t domid = 0;
  bool paused = false;
  bool foreign = false;  // another toolstack made it
  absl::Time start_time;
  bool reboot_asked = false;
  // SHUTDOWN or CRASHED: it has stopped and is preserved until it is destroyed.
  v1::DomainState kept = v1::DOMAIN_STATE_UNSPECIFIED;
  bool still = false;   // its machine has stopped since its memory was written (GuestImages::SendMemory)
  bool asleep = false;  // its machine has stopped because it sleeps
  // A daemon that is gone had asked it to stop for a save, which it may do until then; nobody waits for it any more.
  absl::Time abandoned_until = absl::InfinitePast();
  std::shared_ptr<PtyConsole> console;

  // Whether its end is the driver's affair.
  bool handled() const { return !foreign && !preserved(); }
  bool preserved() const { return kept != v1::DOMAIN_STATE_UNSPECIFIED; }
  drivers::RunningGuest Describe() const {
    return {.id = domid,
            .supervisor_pid = 0,
            .start_time = start_time,
            .paused = paused || still,
            .asleep = asleep,
            .kept = kept,
            .displays = DescribeDisplays(spec)};
  }
};

class GuestTable;

// The right to make, make anew, end or adopt the guest of one UUID: one holder at a time, whatever the hypervisor tells
// meanwhile, and only the holder can put a guest into the table or drop it. So what is decided of `guest` cannot hit
// another one that has come into its place. Given up by Put, Drop and Preserve, so that who is told of the change next
// can act on it, and by the destructor. Movable; the table outlives it.
class GuestClaim {
 public:
  GuestClaim(GuestClaim&& other) noexcept;
  GuestClaim& operator=(GuestClaim&&) = delete;
  ~GuestClaim();

  // What the table had when the claim was made; nothing when the UUID is new to it.
  const std::optional<Guest>& guest() const { return guest_; }
  // Once one of them. The key.uid of a guest that is put is that of the claim.
  void Put(Guest guest);
  void Drop();
  // It has stopped and is kept in this state: SHUTDOWN or CRASHED.
  void Preserve(v1::DomainState state);

 private:
  friend class GuestTable;
  GuestClaim(GuestTable* table, std::string uid, std::optional<Guest> guest);

  GuestTable* table_;  // null: given up
  const std::string uid_;
  const std::optional<Guest> guest_;
};

// Thread-safe.
class GuestTable {
 public:
  // Nothing while another holds it.
  std::optional<GuestClaim> Claim(const std::string& uid);
  // Nothing while another holds it for so long.
  std::optional<GuestClaim> AwaitClaim(const std::string& uid, absl::Duration patience);
  // The guest with this number; nothing too when there is none in the table.
  std::optional<GuestClaim> ClaimDomid(uint32_t domid);
  // The same for one that has stopped, to do what its definition asks; nothing too when that is done, or is left to who
  // made it.
  std::optional<GuestClaim> ClaimStopped(uint32_t domid);

  std::optional<Guest> Find(const std::string& uid) const;
  // False when there is none with this number, or it is so already.
  bool SetPaused(uint32_t domid, bool paused);
  // The same of what was seen of a guest, not done to it; false too while somebody holds the claim: a guest that is
  // being destroyed or saved is paused for that.
  bool SeePaused(uint32_t domid, bool paused);
  void SetRebootAsked(uint32_t domid, bool asked);
  void SetSpec(uint32_t domid, const v1::DomainSpec& spec);
  void SetStanding(uint32_t domid, bool still, bool asleep);
  std::vector<Guest> All() const;

 private:
  friend class GuestClaim;
  std::optional<GuestClaim> ClaimLocked(const std::string& uid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Guest* FindDomid(uint32_t domid) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  std::map<std::string, Guest> guests_ ABSL_GUARDED_BY(mutex_);  // by uid
  std::set<std::string> claimed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::xen

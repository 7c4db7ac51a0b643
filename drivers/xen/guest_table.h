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
  bool preserved = false;  // it has stopped and is kept until it is destroyed
  std::shared_ptr<PtyConsole> console;

  drivers::RunningGuest Describe() const {
    return {.id = domid, .supervisor_pid = 0, .start_time = start_time, .paused = paused};
  }
};

// Thread-safe.
class GuestTable {
 public:
  // From now on until Put or Drop a domain with this UUID is ours, whatever the hypervisor tells of it: it is being
  // made, made anew, saved or destroyed. False when it is so already.
  bool Claim(const std::string& uid);
  void Release(const std::string& uid);
  bool Claimed(const std::string& uid) const;

  void Put(Guest guest);  // and releases it
  void Drop(const std::string& uid);
  std::optional<Guest> Find(const std::string& uid) const;
  std::optional<Guest> FindDomid(uint32_t domid) const;
  // False when it is not there or is so already.
  bool SetPaused(const std::string& uid, bool paused);
  void SetRebootAsked(const std::string& uid);
  void SetSpec(const std::string& uid, const v1::DomainSpec& spec);
  void SetPreserved(const std::string& uid);
  std::vector<Guest> All() const;

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, Guest> guests_ ABSL_GUARDED_BY(mutex_);  // by uid
  std::set<std::string> claimed_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::xen

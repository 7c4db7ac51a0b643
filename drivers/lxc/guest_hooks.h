// Hooks of guests: what they get of a domain, and what their failure means.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "drivers/driver.h"
#include "drivers/lxc/hooks.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::lxc {

// Thread-safe.
class GuestHooks {
 public:
  GuestHooks(std::string directory, absl::Duration timeout) : hooks_(std::move(directory), timeout) {}

  bool Any() const { return hooks_.Any(); }
  // START_FAILED: as in libvirt, a hook that fails ends the guest.
  absl::Status Run(Hooks::Point point, const drivers::DomainKey& domain, const v1::DomainSpec& spec) const;
  // What has ended cannot be held up: a failure goes to the log.
  void Note(Hooks::Point point, const drivers::DomainKey& domain, const v1::DomainSpec& spec) const;

 private:
  const Hooks hooks_;
};

}  // namespace reeve::lxc

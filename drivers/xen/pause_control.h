// Pausing and resuming: what we do and what others do are told apart.
#pragma once

#include <optional>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "drivers/driver.h"
#include "drivers/xen/driver_context.h"

namespace reeve::xen {

// Thread-safe.
class PauseControl {
 public:
  explicit PauseControl(DriverContext* context) : context_(*context) {}

  absl::Status SetPaused(const drivers::DomainKey& domain, bool paused);
  // Looks whether somebody else has paused or resumed a guest that is known as `known`: the guest as it is now, or
  // nothing when what is known is true.
  std::optional<Guest> Refresh(const Guest& known);

 private:
  DriverContext& context_;
  absl::Mutex mutex_;  // what we do and the note of it are one step
};

}  // namespace reeve::xen

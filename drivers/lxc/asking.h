// Asking a guest to end or to restart.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "drivers/driver.h"
#include "drivers/lxc/container.h"

namespace reeve::lxc {

// In the first of the ways `modes` that the guest takes; none given: by initctl, else by a signal. GUEST_CANNOT when it
// takes none, UNSUPPORTED_BY_DRIVER for a way that containers have not.
absl::Status AskGuest(const std::shared_ptr<EventLoop>& loop, Container* container, const drivers::ShutdownModes& modes,
                      bool reboot);

}  // namespace reeve::lxc

// Devices that a container gets, loses or has changed while it runs.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "drivers/driver.h"
#include "drivers/lxc/container.h"
#include "drivers/lxc/event_loop.h"

namespace reeve::lxc {

// As drivers::GuestAccess::ChangeDevice. Disks, file systems, interfaces and host devices come and go; of an interface with
// an end on the host, bridge, bandwidth and link state are changed. SPEC_UNSUPPORTED names what else is asked for,
// DRIVER_FAILED the step that failed. Waits for the supervisor.
absl::Status ChangeDevice(const std::shared_ptr<EventLoop>& loop, Container* container, drivers::DeviceChange change,
                          const v1::Devices& device, const v1::DomainSpec& before, const v1::DomainSpec& after);

}  // namespace reeve::lxc

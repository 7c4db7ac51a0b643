// Asking a guest to end or to restart.
#pragma once

#include "absl/status/status.h"
#include "drivers/driver.h"
#include "drivers/xen/driver_context.h"

namespace reeve::xen {

// As HypervisorDriver::Shutdown: by the paravirtual driver, or the ACPI power button of an HVM guest.
absl::Status AskShutdown(const DriverContext& context, const drivers::DomainKey& domain,
                         const drivers::ShutdownModes& modes);
// As HypervisorDriver::Reboot: by the paravirtual driver.
absl::Status AskReboot(DriverContext& context, const drivers::DomainKey& domain, const drivers::ShutdownModes& modes);

}  // namespace reeve::xen

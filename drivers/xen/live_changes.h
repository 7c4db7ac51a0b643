// What is changed of a guest that runs: devices, memory, scheduling.
#pragma once

#include <memory>

#include "absl/status/status.h"
#include "drivers/driver.h"
#include "drivers/xen/guest_table.h"
#include "drivers/xen/libxl_library.h"
#include "drivers/xen/toolstack.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::xen {

// As GuestAccess::ChangeDevice. Disks, interfaces, PCI and USB devices of the host come and go; of the updates there is
// the change of what is in a CD-ROM drive. Errors of the toolstack as they are. May wait for the guest (10 s, then the
// device stays). Thread-safe for different guests.
absl::Status ChangeGuestDevice(Toolstack& toolstack, const std::shared_ptr<const LibxlLibrary>& library,
                               const Guest& guest, drivers::DeviceChange change, const v1::Devices& device,
                               const v1::DomainSpec& after);

// As GuestAccess::Tune: memory, balloon, weight, quota and pins of virtual CPUs. What was changed before a step failed
// is changed back.
absl::Status TuneGuest(Toolstack& toolstack, const Guest& guest, const v1::DomainSpec& before,
                       const v1::DomainSpec& after);

}  // namespace reeve::xen

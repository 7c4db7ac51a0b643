// The save that a guest's next start takes up.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drivers/driver.h"
#include "drivers/xen/driver_context.h"

namespace reeve::xen {

// Saves a guest into the file that belongs to its domain, and ends it. As HypervisorDriver::Save.
absl::Status SaveManaged(DriverContext& context, const drivers::DomainKey& domain, drivers::Progress* progress);

// Makes the domain of its managed save, which is used up by that. Nothing when there is no save.
absl::StatusOr<std::optional<uint32_t>> RestoreManagedSave(DriverContext& context, const drivers::DomainKey& key,
                                                           DomainConfig* config);

// Drops the save of a domain; nothing when there is none.
absl::Status RemoveManagedSave(const DriverContext& context, const drivers::DomainKey& key);

// Whether a daemon has begun to save this guest, and not told anybody that it was done.
bool HasUnfinishedSave(const DriverContext& context, const drivers::DomainKey& key);

// For a guest that has stopped to be saved by a daemon which ended before it told anybody that it was done: the guest
// goes on, and the file goes. One that another toolstack saves is left alone.
void GiveUpManagedSave(DriverContext& context, const drivers::DomainKey& key, uint32_t domid);

}  // namespace reeve::xen

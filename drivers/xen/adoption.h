// Guests that are there, whoever made them.
#pragma once

#include "absl/status/statusor.h"
#include "drivers/xen/driver_context.h"
#include "drivers/xen/guest_table.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

// What can be known of a domain: by the note that it carries, else by its configuration. UNAVAILABLE while its
// toolstack still works on it; other errors when it is gone.
absl::StatusOr<Guest> ReadGuest(const DriverContext& context, const GuestFacts& facts);

// Enters it into the table and hears of it from now on.
void AdoptGuest(DriverContext& context, GuestClaim& claim, Guest guest);

}  // namespace reeve::xen

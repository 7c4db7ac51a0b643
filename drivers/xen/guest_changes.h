// What has changed among the guests, by comparison of what is known with what there is.
#pragma once

#include <vector>

#include "drivers/xen/guest_table.h"
#include "drivers/xen/toolstack.h"

namespace reeve::xen {

struct GuestChanges {
  std::vector<GuestFacts> found;    // domains that are not known, or made anew under this number
  std::vector<GuestFacts> stopped;  // known ones that have shut down, and whose end the driver handles
  std::vector<Guest> paused;        // known ones that have been paused or resumed
  std::vector<Guest> gone;          // known ones that are not there any more
};

// `known` must have been taken before `list`: a guest is entered when its domain is there already, so one that is known
// and not in a later list is gone for good. What came into the table after that is not looked at. Pure.
GuestChanges CompareGuests(const std::vector<Guest>& known, const std::vector<GuestFacts>& list);

}  // namespace reeve::xen

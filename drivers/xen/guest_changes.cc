#include "drivers/xen/guest_changes.h"

#include <map>
#include <set>
#include <string>

namespace reeve::xen {

GuestChanges CompareGuests(const std::vector<Guest>& known, const std::vector<GuestFacts>& list) {
  GuestChanges changes;
  std::map<std::string, const Guest*> by_uid;
  for (const Guest& guest : known) by_uid[guest.key.uid] = &guest;
  std::set<uint32_t> present;
  for (const GuestFacts& facts : list) {
    present.insert(facts.domid);
    if (facts.dying) continue;
    const auto guest = by_uid.find(facts.uuid);
    if (guest == by_uid.end() || guest->second->domid != facts.domid) {
      changes.found.push_back(facts);
    } else if (facts.stopped) {
      changes.stopped.push_back(facts);
    } else if (guest->second->paused != facts.paused) {
      changes.paused.push_back(*guest->second);
    }
  }
  for (const Guest& guest : known) {
    if (present.count(guest.domid) == 0) changes.gone.push_back(guest);
  }
  return changes;
}

}  // namespace reeve::xen

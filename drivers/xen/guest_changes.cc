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
  std::set<uint32_t> alive;
  for (const GuestFacts& facts : list) {
    present.insert(facts.domid);
    if (!facts.dying) alive.insert(facts.domid);
  }
  for (const GuestFacts& facts : list) {
    if (facts.dying) continue;
    const auto entry = by_uid.find(facts.uuid);
    if (entry == by_uid.end()) {
      changes.found.push_back(facts);
      continue;
    }
    const Guest& guest = *entry->second;
    if (guest.domid != facts.domid) {
      // Of two domains with one UUID the known one is meant while it is there.
      if (alive.count(guest.domid) == 0) changes.found.push_back(facts);
    } else if (facts.stopped) {
      if (guest.handled()) changes.stopped.push_back(facts);
    } else if (guest.paused != facts.paused) {
      changes.paused.push_back(guest);
    }
  }
  for (const Guest& guest : known) {
    if (present.count(guest.domid) == 0) changes.gone.push_back(guest);
  }
  return changes;
}

}  // namespace reeve::xen

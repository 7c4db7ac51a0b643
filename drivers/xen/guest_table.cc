#include "drivers/xen/guest_table.h"

#include <utility>

namespace reeve::xen {

bool GuestTable::Claim(const std::string& uid) {
  absl::MutexLock lock(&mutex_);
  return claimed_.insert(uid).second;
}

void GuestTable::Release(const std::string& uid) {
  absl::MutexLock lock(&mutex_);
  claimed_.erase(uid);
}

bool GuestTable::Claimed(const std::string& uid) const {
  absl::MutexLock lock(&mutex_);
  return claimed_.count(uid) > 0;
}

void GuestTable::Put(Guest guest) {
  absl::MutexLock lock(&mutex_);
  claimed_.erase(guest.key.uid);
  std::string uid = guest.key.uid;
  guests_.insert_or_assign(std::move(uid), std::move(guest));
}

void GuestTable::Drop(const std::string& uid) {
  absl::MutexLock lock(&mutex_);
  claimed_.erase(uid);
  guests_.erase(uid);
}

std::optional<Guest> GuestTable::Find(const std::string& uid) const {
  absl::MutexLock lock(&mutex_);
  const auto found = guests_.find(uid);
  if (found == guests_.end()) return std::nullopt;
  return found->second;
}

std::optional<Guest> GuestTable::FindDomid(uint32_t domid) const {
  absl::MutexLock lock(&mutex_);
  for (const auto& [uid, guest] : guests_) {
    if (guest.domid == domid) return guest;
  }
  return std::nullopt;
}

bool GuestTable::SetPaused(const std::string& uid, bool paused) {
  absl::MutexLock lock(&mutex_);
  const auto found = guests_.find(uid);
  if (found == guests_.end() || found->second.paused == paused) return false;
  found->second.paused = paused;
  return true;
}

void GuestTable::SetRebootAsked(const std::string& uid) {
  absl::MutexLock lock(&mutex_);
  if (const auto found = guests_.find(uid); found != guests_.end()) found->second.reboot_asked = true;
}

void GuestTable::SetSpec(const std::string& uid, const v1::DomainSpec& spec) {
  absl::MutexLock lock(&mutex_);
  if (const auto found = guests_.find(uid); found != guests_.end()) found->second.spec = spec;
}

void GuestTable::SetPreserved(const std::string& uid) {
  absl::MutexLock lock(&mutex_);
  if (const auto found = guests_.find(uid); found != guests_.end()) found->second.preserved = true;
}

std::vector<Guest> GuestTable::All() const {
  absl::MutexLock lock(&mutex_);
  std::vector<Guest> all;
  all.reserve(guests_.size());
  for (const auto& [uid, guest] : guests_) all.push_back(guest);
  return all;
}

}  // namespace reeve::xen

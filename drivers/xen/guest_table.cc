#include "drivers/xen/guest_table.h"

#include <utility>

namespace reeve::xen {

GuestClaim::GuestClaim(GuestTable* table, std::string uid, std::optional<Guest> guest)
    : table_(table), uid_(std::move(uid)), guest_(std::move(guest)) {}

GuestClaim::GuestClaim(GuestClaim&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)), uid_(other.uid_), guest_(other.guest_) {}

GuestClaim::~GuestClaim() {
  if (table_ == nullptr) return;
  absl::MutexLock lock(&table_->mutex_);
  table_->claimed_.erase(uid_);
}

void GuestClaim::Put(Guest guest) {
  GuestTable* const table = std::exchange(table_, nullptr);
  absl::MutexLock lock(&table->mutex_);
  table->guests_.insert_or_assign(uid_, std::move(guest));
  table->claimed_.erase(uid_);
}

void GuestClaim::Drop() {
  GuestTable* const table = std::exchange(table_, nullptr);
  absl::MutexLock lock(&table->mutex_);
  table->guests_.erase(uid_);
  table->claimed_.erase(uid_);
}

void GuestClaim::Preserve(v1::DomainState state) {
  GuestTable* const table = std::exchange(table_, nullptr);
  absl::MutexLock lock(&table->mutex_);
  if (const auto found = table->guests_.find(uid_); found != table->guests_.end()) found->second.kept = state;
  table->claimed_.erase(uid_);
}

std::optional<GuestClaim> GuestTable::Claim(const std::string& uid) {
  absl::MutexLock lock(&mutex_);
  return ClaimLocked(uid);
}

std::optional<GuestClaim> GuestTable::AwaitClaim(const std::string& uid, absl::Duration patience) {
  const auto is_free = [this, &uid]() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) { return !claimed_.contains(uid); };
  absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(&is_free), patience);
  return ClaimLocked(uid);
}

std::optional<GuestClaim> GuestTable::ClaimLocked(const std::string& uid) {
  if (!claimed_.insert(uid).second) return std::nullopt;
  const auto found = guests_.find(uid);
  return GuestClaim(this, uid, found == guests_.end() ? std::nullopt : std::optional<Guest>(found->second));
}

std::optional<GuestClaim> GuestTable::ClaimDomid(uint32_t domid) {
  absl::MutexLock lock(&mutex_);
  Guest* const guest = FindDomid(domid);
  if (guest == nullptr || !claimed_.insert(guest->key.uid).second) return std::nullopt;
  return GuestClaim(this, guest->key.uid, *guest);
}

std::optional<GuestClaim> GuestTable::ClaimStopped(uint32_t domid) {
  absl::MutexLock lock(&mutex_);
  Guest* const guest = FindDomid(domid);
  if (guest == nullptr || !guest->handled() || !claimed_.insert(guest->key.uid).second) return std::nullopt;
  return GuestClaim(this, guest->key.uid, *guest);
}

std::optional<Guest> GuestTable::Find(const std::string& uid) const {
  absl::MutexLock lock(&mutex_);
  const auto found = guests_.find(uid);
  if (found == guests_.end()) return std::nullopt;
  return found->second;
}

Guest* GuestTable::FindDomid(uint32_t domid) {
  for (auto& [uid, guest] : guests_) {
    if (guest.domid == domid) return &guest;
  }
  return nullptr;
}

bool GuestTable::SetPaused(uint32_t domid, bool paused) {
  absl::MutexLock lock(&mutex_);
  Guest* const guest = FindDomid(domid);
  if (guest == nullptr || guest->paused == paused) return false;
  guest->paused = paused;
  return true;
}

bool GuestTable::SeePaused(uint32_t domid, bool paused) {
  absl::MutexLock lock(&mutex_);
  Guest* const guest = FindDomid(domid);
  if (guest == nullptr || guest->paused == paused || claimed_.count(guest->key.uid) > 0) return false;
  guest->paused = paused;
  return true;
}

void GuestTable::SetRebootAsked(uint32_t domid, bool asked) {
  absl::MutexLock lock(&mutex_);
  if (Guest* const guest = FindDomid(domid); guest != nullptr) guest->reboot_asked = asked;
}

void GuestTable::SetSpec(uint32_t domid, const v1::DomainSpec& spec) {
  absl::MutexLock lock(&mutex_);
  if (Guest* const guest = FindDomid(domid); guest != nullptr) guest->spec = spec;
}

void GuestTable::SetStanding(uint32_t domid, bool still, bool asleep) {
  absl::MutexLock lock(&mutex_);
  Guest* const guest = FindDomid(domid);
  if (guest == nullptr) return;
  guest->still = still;
  guest->asleep = asleep;
}

std::vector<Guest> GuestTable::All() const {
  absl::MutexLock lock(&mutex_);
  std::vector<Guest> all;
  all.reserve(guests_.size());
  for (const auto& [uid, guest] : guests_) all.push_back(guest);
  return all;
}

}  // namespace reeve::xen

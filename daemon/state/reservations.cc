#include "daemon/state/reservations.h"

#include "absl/strings/str_cat.h"
#include "formats/domain_name.h"
#include "proto/status.h"

namespace reeve::state {

absl::StatusOr<Reservations::Reservation> Reservations::Reserve(const std::string& uid,
                                                                const std::string& resource_name,
                                                                const auth::Access& access,
                                                                absl::string_view renamed_from) {
  const std::lock_guard<std::mutex> lock(mutex_);
  // In this order: a creation gives its reservation up behind its commit.
  const SnapshotPointer snapshot = registry_->snapshot();
  std::string other;
  if (const auto reserved = names_.find(uid); reserved != names_.end()) {
    other = reserved->second;
  } else if (const EntryPointer entry = snapshot->FindUid(uid); entry != nullptr) {
    const std::string name = ResourceName(*entry->key);
    if (name != resource_name && name != renamed_from) other = name;
  }
  if (other.empty()) {
    if (absl::Status status = CheckNameIsFree(*snapshot, uid, resource_name); !status.ok()) return status;
    names_.emplace(uid, resource_name);
    return Reservation(this, uid);
  }
  if (!access.Sees(other)) {
    return Error(v1::REASON_UUID_IN_USE, absl::StrCat("UUID ", uid, " is in use"), {{"uid", uid}});
  }
  return Error(v1::REASON_UUID_IN_USE, absl::StrCat("UUID ", uid, " is that of ", other),
               {{"uid", uid}, {"domain", other}});
}

absl::Status Reservations::CheckNameIsFree(const Snapshot& snapshot, const std::string& uid,
                                           const std::string& resource_name) const {
  const formats::DomainNameParts parts = formats::SplitDomainResourceName(resource_name);
  if (const EntryPointer entry = snapshot.Find(parts.hypervisor, parts.name);
      entry != nullptr && entry->key->uid != uid) {
    return NameTaken(*entry->key);
  }
  for (const auto& [other, name] : names_) {
    if (name != resource_name || other == uid) continue;
    return Error(v1::REASON_DOMAIN_EXISTS, "a domain of this name is being made or renamed",
                 {{"name", resource_name}, {"uid", other}});
  }
  return absl::OkStatus();
}

Reservations::Reservation::~Reservation() {
  if (owner_ == nullptr) return;
  const std::lock_guard<std::mutex> lock(owner_->mutex_);
  owner_->names_.erase(uid_);
}

}  // namespace reeve::state

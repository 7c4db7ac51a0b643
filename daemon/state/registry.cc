#include "daemon/state/registry.h"

#include <algorithm>
#include <tuple>

namespace reeve::state {
namespace {

using NamePair = std::pair<absl::string_view, absl::string_view>;

NamePair NameOf(const EntryKey& key) {
  return {key.hypervisor, key.name};
}

template <typename Entries>
auto LowerBound(Entries& entries, const NamePair& name) {
  return std::lower_bound(entries.begin(), entries.end(), name, [](const EntryPointer& entry, const NamePair& wanted) {
    return NameOf(*entry->key) < wanted;
  });
}

template <typename Index>
auto LowerBoundUid(Index& index, absl::string_view uid) {
  return std::lower_bound(
      index.begin(), index.end(), uid,
      [](const std::shared_ptr<const EntryKey>& key, absl::string_view wanted) { return key->uid < wanted; });
}

}  // namespace

EntryPointer Snapshot::Find(absl::string_view hypervisor, absl::string_view name) const {
  const NamePair wanted{hypervisor, name};
  const auto found = LowerBound(entries_, wanted);
  return found != entries_.end() && NameOf(*(*found)->key) == wanted ? *found : nullptr;
}

EntryPointer Snapshot::FindUid(absl::string_view uid) const {
  const auto found = LowerBoundUid(*by_uid_, uid);
  if (found == by_uid_->end() || (*found)->uid != uid) return nullptr;
  return Find((*found)->hypervisor, (*found)->name);
}

EntryPointer Snapshot::FindId(absl::string_view hypervisor, int64_t id) const {
  if (id <= 0) return nullptr;
  const auto [begin, end] = Range(hypervisor);
  for (size_t i = begin; i < end; ++i) {
    if (entries_[i]->id == id) return entries_[i];
  }
  return nullptr;
}

std::pair<size_t, size_t> Snapshot::Range(absl::string_view hypervisor) const {
  if (hypervisor == "-") return {0, entries_.size()};
  const auto begin = LowerBound(entries_, {hypervisor, ""});
  const auto end = std::partition_point(
      begin, entries_.end(), [hypervisor](const EntryPointer& entry) { return entry->key->hypervisor == hypervisor; });
  return {static_cast<size_t>(begin - entries_.begin()), static_cast<size_t>(end - entries_.begin())};
}

SnapshotPointer Registry::snapshot() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return snapshot_;
}

void Registry::Publish(SnapshotPointer snapshot) {
  // The old one may be large to free: behind the lock.
  const std::lock_guard<std::mutex> lock(mutex_);
  snapshot_.swap(snapshot);
}

void Registry::Load(std::vector<EntryPointer> entries, int64_t revision) {
  auto next = std::make_shared<Snapshot>();
  next->revision_ = revision;
  std::sort(entries.begin(), entries.end(),
            [](const EntryPointer& a, const EntryPointer& b) { return NameOf(*a->key) < NameOf(*b->key); });
  auto by_uid = std::make_shared<Snapshot::UidIndex>();
  by_uid->reserve(entries.size());
  for (const EntryPointer& entry : entries) by_uid->push_back(entry->key);
  std::sort(by_uid->begin(), by_uid->end(), [](const auto& a, const auto& b) { return a->uid < b->uid; });
  next->entries_ = std::move(entries);
  next->by_uid_ = std::move(by_uid);
  Publish(std::move(next));
}

void Registry::Put(EntryPointer entry, int64_t revision) {
  auto next = std::make_shared<Snapshot>(*snapshot());
  next->revision_ = revision;
  auto place = LowerBound(next->entries_, NameOf(*entry->key));
  if (place != next->entries_.end() && NameOf(*(*place)->key) == NameOf(*entry->key)) {
    *place = std::move(entry);
  } else {
    auto by_uid = std::make_shared<Snapshot::UidIndex>(*next->by_uid_);
    const auto indexed = LowerBoundUid(*by_uid, entry->key->uid);
    if (indexed != by_uid->end() && (*indexed)->uid == entry->key->uid) {
      next->entries_.erase(LowerBound(next->entries_, NameOf(**indexed)));
      place = LowerBound(next->entries_, NameOf(*entry->key));
      *indexed = entry->key;
    } else {
      by_uid->insert(indexed, entry->key);
    }
    next->by_uid_ = std::move(by_uid);
    next->entries_.insert(place, std::move(entry));
  }
  Publish(std::move(next));
}

void Registry::Erase(const EntryKey& key, int64_t revision) {
  auto next = std::make_shared<Snapshot>(*snapshot());
  next->revision_ = revision;
  const auto place = LowerBound(next->entries_, NameOf(key));
  if (place != next->entries_.end() && NameOf(*(*place)->key) == NameOf(key)) {
    auto by_uid = std::make_shared<Snapshot::UidIndex>(*next->by_uid_);
    const auto indexed = LowerBoundUid(*by_uid, (*place)->key->uid);
    if (indexed != by_uid->end() && (*indexed)->uid == (*place)->key->uid) by_uid->erase(indexed);
    next->by_uid_ = std::move(by_uid);
    next->entries_.erase(place);
  }
  Publish(std::move(next));
}

}  // namespace reeve::state

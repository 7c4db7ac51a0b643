// All domains, as immutable snapshots.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "absl/strings/string_view.h"
#include "daemon/state/entry.h"

namespace reeve::state {

// The state of all domains at one revision. Immutable, thread-safe.
class Snapshot {
 public:
  [[nodiscard]] int64_t revision() const { return revision_; }
  // Ordered by hypervisor, then name.
  [[nodiscard]] const std::vector<EntryPointer>& entries() const { return entries_; }

  // Null when there is none.
  [[nodiscard]] EntryPointer Find(absl::string_view hypervisor, absl::string_view name) const;
  [[nodiscard]] EntryPointer FindUid(absl::string_view uid) const;
  // A running domain by libvirt's id.
  [[nodiscard]] EntryPointer FindId(absl::string_view hypervisor, int64_t id) const;

  // Places of the first entry of a hypervisor and the one behind its last; "-": of all.
  [[nodiscard]] std::pair<size_t, size_t> Range(absl::string_view hypervisor) const;

 private:
  friend class Registry;
  using UidIndex = std::vector<std::shared_ptr<const EntryKey>>;

  int64_t revision_ = 0;
  std::vector<EntryPointer> entries_;
  // Ordered by uid; shared by snapshots that have the same domains.
  std::shared_ptr<const UidIndex> by_uid_ = std::make_shared<UidIndex>();
};
using SnapshotPointer = std::shared_ptr<const Snapshot>;

// The present snapshot. Reading it costs a pointer; changing it copies the list of pointers. Thread-safe; changes are
// made by one thread at a time.
class Registry {
 public:
  [[nodiscard]] SnapshotPointer snapshot() const;

  // Replaces everything. Two entries must not share a name or uid.
  void Load(std::vector<EntryPointer> entries, int64_t revision);
  // Adds an entry or replaces that of the same uid, which may have had another name. No other uid may have its name.
  void Put(EntryPointer entry, int64_t revision);
  void Erase(const EntryKey& key, int64_t revision);

 private:
  void Publish(SnapshotPointer snapshot);

  mutable std::mutex mutex_;
  SnapshotPointer snapshot_ = std::make_shared<const Snapshot>();
};

}  // namespace reeve::state

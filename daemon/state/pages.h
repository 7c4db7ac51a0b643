// Snapshots that page tokens refer to.
#pragma once

#include <cstddef>
#include <list>
#include <mutex>
#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/state/registry.h"

namespace reeve::state {

// Pins the snapshot of a list so that all its pages show one revision. Each is kept for some time after its first page;
// when too many are pinned the oldest goes. A token is opaque, cannot be guessed, and can be used more than once.
// Thread-safe.
class PageTable {
 public:
  PageTable(absl::Duration age, size_t count) : age_(age), count_(count) {}

  struct Place {
    SnapshotPointer snapshot;
    size_t offset = 0;  // of the next entry; at most the number of entries
    std::string pin;    // names the snapshot
  };

  // Pins a snapshot for a list whose other fields are `query`, and for nobody but `owner`.
  absl::StatusOr<std::string> Pin(SnapshotPointer snapshot, std::string owner, std::string query, absl::Time now);
  static std::string Token(absl::string_view pin, size_t offset);
  // PAGE_TOKEN_EXPIRED when it is malformed, another owner's or no longer kept; REQUEST_INVALID when `query` is not that of the first
  // page.
  absl::StatusOr<Place> Find(absl::string_view token, absl::string_view owner, absl::string_view query,
                             absl::Time now);

 private:
  struct Pinned {
    std::string pin;
    std::string owner;
    std::string query;
    SnapshotPointer snapshot;
    absl::Time until;
  };
  void DropOld(absl::Time now);

  const absl::Duration age_;
  const size_t count_;
  std::mutex mutex_;
  std::list<Pinned> pinned_;  // oldest first
};

}  // namespace reeve::state

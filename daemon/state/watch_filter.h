// Which events a watcher wants.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "auth/access.h"
#include "daemon/state/entry_filter.h"
#include "daemon/state/journal_record.h"
#include "reeve/v1/event_service.pb.h"

namespace reeve::state {

// Parent and types of a WatchRequest, and what its caller may see. Thread-safe.
class WatchFilter {
 public:
  // NAME_INVALID, REQUEST_INVALID, PERMISSION_DENIED.
  static absl::StatusOr<WatchFilter> Make(const v1::WatchRequest& request,
                                          auth::Access::Pointer access = auth::Access::Everything());

  [[nodiscard]] bool Matches(const EventSummary& event) const;
  [[nodiscard]] JournalRecord::Mask Choose(const JournalRecord& record) const;
  // "-": all.
  [[nodiscard]] const std::string& hypervisor() const { return hypervisor_; }

 private:
  explicit WatchFilter(EntryFilter shown) : shown_(std::move(shown)) {}

  EntryFilter shown_;
  std::string hypervisor_ = "-";
  std::string name_;  // empty: all
  std::string uid_;   // set where the name can be read as one
  uint64_t types_ = ~uint64_t{0};
};

}  // namespace reeve::state

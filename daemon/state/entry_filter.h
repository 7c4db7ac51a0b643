// Which domains a caller may see in lists and events.
#pragma once

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "auth/access.h"

namespace reeve::state {

// Thread-safe. Goes by the policy in force at each question.
class EntryFilter {
 public:
  // `contents`: more than name and state are shown, which needs domain.read, too. PERMISSION_DENIED when the caller has
  // that for no domain at all.
  static absl::StatusOr<EntryFilter> Make(auth::Access::Pointer access, bool contents);

  // `labels` as the list or the event has them; null: none.
  bool Shows(absl::string_view hypervisor, absl::string_view name, const auth::Labels* labels) const;

 private:
  EntryFilter(auth::Access::Pointer access, bool contents) : access_(std::move(access)), contents_(contents) {}

  auth::Access::Pointer access_;
  bool contents_;
};

}  // namespace reeve::state

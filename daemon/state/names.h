// Resource names of requests.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "auth/access.h"
#include "daemon/state/registry.h"

namespace reeve::state {

// "hypervisors/lxc" -> "lxc"; "hypervisors/-" -> "-" where `wildcard` allows it. Else NAME_INVALID.
absl::StatusOr<std::string> ParseHypervisorName(absl::string_view name, bool wildcard);

// The domain that a request names by name, uid or "id:N": NAME_INVALID, DOMAIN_NOT_FOUND, also of one that is hidden, and
// PERMISSION_DENIED.
absl::StatusOr<EntryPointer> FindDomain(const Snapshot& snapshot, absl::string_view name, const auth::Access& access);

}  // namespace reeve::state

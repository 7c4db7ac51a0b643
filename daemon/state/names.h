// Resource names of requests.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/state/registry.h"

namespace reeve::state {

// "hypervisors/lxc" -> "lxc"; "hypervisors/-" -> "-" where `wildcard` allows it. Else NAME_INVALID.
absl::StatusOr<std::string> ParseHypervisorName(absl::string_view name, bool wildcard);

// The domain that a request names by name, uid or "id:N": NAME_INVALID, DOMAIN_NOT_FOUND.
absl::StatusOr<EntryPointer> FindDomain(const Snapshot& snapshot, absl::string_view name);

}  // namespace reeve::state

// Resource names of requests.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "auth/access.h"
#include "daemon/state/registry.h"

namespace reeve::state {

// "lxc" -> "hypervisors/lxc".
std::string HypervisorResourceName(absl::string_view hypervisor);

// "hypervisors/lxc" -> "lxc"; "hypervisors/-" -> "-" where `wildcard` allows it. Else NAME_INVALID.
absl::StatusOr<std::string> ParseHypervisorName(absl::string_view name, bool wildcard);

// The domain that a request names by name, uid or "id:N": NAME_INVALID, DOMAIN_NOT_FOUND, also of one that is hidden,
// and PERMISSION_DENIED.
absl::StatusOr<EntryPointer> FindDomain(const Snapshot& snapshot, absl::string_view name, const auth::Access& access);

// For a call that does more than its method's permission covers. PERMISSION_DENIED; `name` is a whole resource name.
absl::Status Need(const auth::Access& access, absl::string_view permission, const std::string& name);

}  // namespace reeve::state

// Capabilities by name.
#pragma once

#include <cstdint>
#include <optional>

#include "absl/strings/string_view.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::lxc {

// The number of a capability, by its lower-case name without "cap_" (capabilities(7)).
std::optional<int> CapabilityNumber(absl::string_view name);

// The capabilities that a guest keeps under a policy: bit n is capability n. Unknown names are passed over:
// ValidateSpec refuses them.
uint64_t CapabilitySet(const v1::CapabilityPolicy& policy);

}  // namespace reeve::lxc

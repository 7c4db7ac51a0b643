// What the LXC driver can do of a specification.
#pragma once

#include "absl/status/status.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::lxc {

// Pure. SPEC_INVALID when something is wrong, else SPEC_UNSUPPORTED when something is sound but not for this driver; a
// violation for every field concerned.
absl::Status ValidateSpec(const v1::DomainSpec& spec);

}  // namespace reeve::lxc

// The bounds that domain_spec.proto's comments give, for specifications from any source. Pure function, thread-safe.
#pragma once

#include "absl/status/status.h"
#include "reeve/v1/domain_spec.pb.h"

namespace reeve::formats {

// OK, or SPEC_INVALID with up to 20 field violations: paths such as "spec.devices.filesystems[1].source". The message
// has the first. What a driver can do of a sound specification is the driver's matter.
absl::Status CheckDomainSpec(const v1::DomainSpec& spec);

}  // namespace reeve::formats

// What a specification lets a container use, put into its control group.
#pragma once

#include "absl/status/status.h"
#include "cgroups/location.h"
#include "reeve/v1/domain_spec.pb.h"
#include "reeve/v1/tuning_service.pb.h"

namespace reeve::lxc {

// Of a new group.
absl::Status SetLimits(const v1::DomainSpec& spec, const cgroups::Location& group);

// Of a group that has those of `before`; after an error it has them again as far as they can be set.
absl::Status ChangeLimits(const v1::DomainSpec& before, const v1::DomainSpec& after, const cgroups::Location& group);

// Puts what the kernel has over what the specification says; block I/O is left as it is.
absl::Status ReadLimits(const cgroups::Location& group, v1::DomainTuning* tuning);

}  // namespace reeve::lxc

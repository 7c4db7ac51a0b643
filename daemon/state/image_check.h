// Another specification in place of that of a saved guest.
#pragma once

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "daemon/state/manager_impl.h"
#include "reeve/store/v1/image.pb.h"
#include "reeve/v1/image_service.pb.h"

namespace reeve::state {

// Whether a guest that has run with `before` can go on with `after`: what it has seen of its machine must be the same.
// REQUEST_INVALID with the first difference.
absl::Status CheckSameMachine(const v1::DomainSpec& before, const v1::DomainSpec& after);

// The specification to restore with: that of the head, or the request's, checked. REQUEST_INVALID, and what the formats say.
absl::StatusOr<v1::DomainSpec> ReplaceSpec(const store::v1::ImageHead& head, const v1::RestoreDomainRequest& request,
                                           const Formats& formats);

}  // namespace reeve::state

// Open files of the caller, for the first process of the guest that he starts.
#pragma once

#include <cstdint>
#include <functional>

#include "absl/status/statusor.h"
#include "daemon/state/manager_impl.h"
#include "google/protobuf/repeated_field.h"

namespace reeve::state {

// Takes duplicates of what `numbers` of a request name, and asks the driver whether a guest of `spec` can have them.
// REQUEST_INVALID for more than 32 and for negative numbers, DESCRIPTOR_INVALID, UNSUPPORTED_BY_DRIVER,
// PERMISSION_DENIED.
absl::StatusOr<drivers::PassedFiles> TakeFiles(const Options& options, const drivers::HypervisorDriver& driver,
                                               uint64_t connection,
                                               const google::protobuf::RepeatedField<int32_t>& numbers,
                                               const v1::DomainSpec& spec);

}  // namespace reeve::state

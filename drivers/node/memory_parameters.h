// How the kernel shares equal pages of memory (KSM, kernel document admin-guide/mm/ksm.rst).
#pragma once

#include "absl/status/statusor.h"
#include "drivers/node/sources.h"
#include "reeve/v1/node_service.pb.h"

namespace reeve::node {

// NODE_CANNOT where the kernel was built without, other errors name the file. What it has only with several NUMA cells
// is left out elsewhere. Thread-safe.
absl::StatusOr<v1::NodeMemoryParameters> ReadMemoryParameters(const Sources& sources = {});

// Changes what is set in the request and reads all again. REQUEST_INVALID for a number out of its bounds, before
// anything is changed; NODE_CANNOT with the file that the kernel does not take: what was set before it stays set.
absl::StatusOr<v1::NodeMemoryParameters> SetMemoryParameters(const Sources& sources,
                                                             const v1::SetNodeMemoryParametersRequest& request);

}  // namespace reeve::node

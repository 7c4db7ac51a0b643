// What the host uses: for NodeService.GetNodeStatistics.
#pragma once

#include "absl/status/statusor.h"
#include "drivers/node/sources.h"
#include "reeve/v1/node_service.pb.h"

namespace reeve::node {

// Reads everything afresh. An error names the file that could not be read or understood. Thread-safe.
absl::StatusOr<v1::NodeStatistics> ReadNodeStatistics(const Sources& sources = {});

}  // namespace reeve::node

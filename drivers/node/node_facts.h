// What the host is: for NodeService.GetNode.
#pragma once

#include "absl/status/statusor.h"
#include "drivers/node/sources.h"
#include "reeve/v1/node_service.pb.h"

namespace reeve::node {

// Reads everything afresh, a few hundred microseconds. An error names the file that could not be read or understood;
// what the kernel does not tell everywhere (the frequency) is 0. Thread-safe.
absl::StatusOr<v1::Node> ReadNode(const Sources& sources = {});

}  // namespace reeve::node

// What the firmware says of the machine (SMBIOS), as the kernel tells it.
#pragma once

#include "absl/status/statusor.h"
#include "drivers/node/sources.h"
#include "reeve/v1/node_service.pb.h"

namespace reeve::node {

// NODE_CANNOT where there is no sys/class/dmi/id; other errors name the file. Bytes that are not printable ASCII become
// '?'. Thread-safe.
absl::StatusOr<v1::SystemInformation> ReadSystemInformation(const Sources& sources = {});

}  // namespace reeve::node

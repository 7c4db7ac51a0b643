// Where the time of the host's CPUs goes.
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "drivers/node/sources.h"
#include "reeve/v1/node_service.pb.h"

namespace reeve::node {

// Fills in `total` and `cpus`: those that are plugged in (sys/devices/system/cpu/present), ascending.
// `ticks_per_second` is the unit of proc_stat(5); 0: sysconf(3)'s. An error names the file.
absl::Status ReadCpuTimes(const Sources& sources, v1::NodeStatistics* statistics, uint64_t ticks_per_second = 0);

}  // namespace reeve::node

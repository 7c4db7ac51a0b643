// How the host's CPUs are arranged.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"

namespace reeve::node {

// In the terms of virNodeInfo: cells x sockets x cores x threads is the number of CPUs online. A host that is not so
// regular (CPUs offline, cores of two kinds) is given as one cell with one socket of as many cores as there are CPUs,
// as libvirt does it.
struct Topology {
  uint32_t cpus = 0;  // online
  uint32_t numa_cells = 1;
  uint32_t sockets_per_cell = 1;
  uint32_t cores_per_socket = 1;
  uint32_t threads_per_core = 1;
};

// Reads <system>/cpu and <system>/node; `system` is "/sys/devices/system". Without topology files every CPU counts as a
// core.
absl::StatusOr<Topology> ReadTopology(const std::string& system);

}  // namespace reeve::node

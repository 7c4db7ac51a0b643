// Open files that a caller hands to a guest's first process.
#pragma once

#include <vector>

#include "util/fd.h"

namespace reeve::drivers {

// Move-only.
struct PassedFiles {
  std::vector<util::UniqueFd> files;  // in their order, close-on-exec
  // Whether who hands them over is root on this host. Others may open less than a guest that has the host's ids:
  // through an open directory, or /proc/self/fd, it comes to what they cannot.
  bool from_root = false;
};

}  // namespace reeve::drivers

// The kernel's control group file systems.
#pragma once

#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "cgroups/hierarchies.h"
#include "cgroups/tree.h"

namespace reeve::cgroups {

// A Tree over the mount points of `hierarchies`. It keeps one directory descriptor for each, so that a group is made
// and written relative to it, without walking the mount point's path. FAILED_PRECONDITION names a mount point that
// cannot be opened.
absl::StatusOr<std::shared_ptr<Tree>> OpenKernelTree(const std::vector<Hierarchy>& hierarchies);

}  // namespace reeve::cgroups

// Huge pages of the host (kernel document admin-guide/mm/hugetlbpage.rst).
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drivers/node/sources.h"
#include "reeve/v1/node_service.pb.h"

namespace reeve::node {

// Those of a directory of sysfs, <cell>/hugepages or kernel/mm/hugepages, the smallest first; none where the kernel has
// none. An error names the file.
absl::StatusOr<std::vector<v1::HugePages>> ReadHugePages(const std::string& directory);

// Sets how many there are of a size in a cell, and says how many there are afterwards. NODE_CANNOT for a size or a cell
// that there is not, REQUEST_INVALID for more than the cell's memory could hold.
absl::StatusOr<v1::HugePages> AllocateHugePages(const Sources& sources, const v1::AllocateHugePagesRequest& request);

}  // namespace reeve::node

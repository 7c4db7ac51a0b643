// The memory of the host and of its NUMA cells.
#pragma once

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "drivers/node/sources.h"
#include "reeve/v1/node_service.pb.h"

namespace reeve::node {

// An error names the file.
absl::StatusOr<v1::NodeMemory> ReadMemory(const Sources& sources);

// A cell, and the directory of its huge pages.
struct Cell {
  v1::CellMemory memory;
  std::string huge_pages;
};

// Ascending; never empty: a kernel without NUMA has cell 0 with all of the memory. An error names the file.
absl::StatusOr<std::vector<Cell>> ReadCells(const Sources& sources);

}  // namespace reeve::node

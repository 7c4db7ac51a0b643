#include "drivers/node/node_statistics.h"

#include <utility>
#include <vector>

#include "drivers/node/cpu_times.h"
#include "drivers/node/node_memory.h"

namespace reeve::node {

absl::StatusOr<v1::NodeStatistics> ReadNodeStatistics(const Sources& sources) {
  v1::NodeStatistics statistics;
  if (absl::Status status = ReadCpuTimes(sources, &statistics); !status.ok()) return status;
  absl::StatusOr<v1::NodeMemory> memory = ReadMemory(sources);
  if (!memory.ok()) return memory.status();
  *statistics.mutable_memory() = *std::move(memory);
  absl::StatusOr<std::vector<Cell>> cells = ReadCells(sources);
  if (!cells.ok()) return cells.status();
  for (Cell& cell : *cells) *statistics.add_cells() = std::move(cell.memory);
  return statistics;
}

}  // namespace reeve::node

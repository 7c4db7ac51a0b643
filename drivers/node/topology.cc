#include "drivers/node/topology.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "drivers/node/cpu_list.h"
#include "util/files.h"

namespace reeve::node {
namespace {

// A number of the topology of a CPU; -1 where the kernel does not say (it is optional by architecture,
// Documentation/admin-guide/cputopology.rst).
int ReadNumber(const std::string& path) {
  const absl::StatusOr<std::string> text = util::ReadFile(path);
  int number = -1;
  if (!text.ok() || !absl::SimpleAtoi(absl::StripAsciiWhitespace(*text), &number)) return -1;
  return number;
}

absl::StatusOr<std::vector<int>> ReadCpuList(const std::string& path) {
  const absl::StatusOr<std::string> text = util::ReadFile(path);
  if (!text.ok()) return text.status();
  return ParseCpuList(*text);
}

// The NUMA node of each CPU; empty on a kernel without NUMA.
std::map<int, int> ReadCells(const std::string& system) {
  std::map<int, int> cell_of_cpu;
  const absl::StatusOr<std::vector<int>> cells = ReadCpuList(absl::StrCat(system, "/node/online"));
  if (!cells.ok()) return cell_of_cpu;
  for (const int cell : *cells) {
    const absl::StatusOr<std::vector<int>> cpus = ReadCpuList(absl::StrCat(system, "/node/node", cell, "/cpulist"));
    if (!cpus.ok()) continue;
    for (const int cpu : *cpus) cell_of_cpu[cpu] = cell;
  }
  return cell_of_cpu;
}

// The largest value of a map, at least 1.
template <typename Key>
uint32_t Largest(const std::map<Key, std::set<std::pair<int, int>>>& members) {
  size_t largest = 1;
  for (const auto& [key, set] : members) largest = std::max(largest, set.size());
  return static_cast<uint32_t>(largest);
}

}  // namespace

absl::StatusOr<Topology> ReadTopology(const std::string& system) {
  const absl::StatusOr<std::vector<int>> online = ReadCpuList(absl::StrCat(system, "/cpu/online"));
  if (!online.ok()) return online.status();
  if (online->empty()) return absl::InvalidArgumentError(absl::StrCat(system, "/cpu/online names no CPU"));

  const std::map<int, int> cells = ReadCells(system);
  std::set<int> used_cells;
  std::map<int, std::set<std::pair<int, int>>> sockets_of_cell;
  std::map<std::tuple<int, int>, std::set<std::pair<int, int>>> cores_of_socket;            // (cell, socket)
  std::map<std::tuple<int, int, int, int>, std::set<std::pair<int, int>>> threads_of_core;  // and (die, core)
  for (const int cpu : *online) {
    const std::string directory = absl::StrCat(system, "/cpu/cpu", cpu, "/topology/");
    const auto cell_entry = cells.find(cpu);
    const int cell = cell_entry == cells.end() ? 0 : cell_entry->second;
    const int socket = std::max(0, ReadNumber(directory + "physical_package_id"));
    const int die = std::max(0, ReadNumber(directory + "die_id"));
    const int core_number = ReadNumber(directory + "core_id");
    const int core = core_number < 0 ? cpu : core_number;
    used_cells.insert(cell);
    sockets_of_cell[cell].emplace(socket, 0);
    cores_of_socket[{cell, socket}].emplace(die, core);
    threads_of_core[{cell, socket, die, core}].emplace(cpu, 0);
  }
  Topology topology{.cpus = static_cast<uint32_t>(online->size()),
                    .numa_cells = static_cast<uint32_t>(used_cells.size()),
                    .sockets_per_cell = Largest(sockets_of_cell),
                    .cores_per_socket = Largest(cores_of_socket),
                    .threads_per_core = Largest(threads_of_core)};
  const uint64_t product =
      uint64_t{topology.numa_cells} * topology.sockets_per_cell * topology.cores_per_socket * topology.threads_per_core;
  if (product != topology.cpus) return Topology{.cpus = topology.cpus, .cores_per_socket = topology.cpus};
  return topology;
}

}  // namespace reeve::node

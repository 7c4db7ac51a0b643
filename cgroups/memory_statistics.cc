#include "cgroups/memory_statistics.h"

#include <optional>

#include "absl/strings/match.h"
#include "absl/strings/string_view.h"
#include "cgroups/controller_file.h"

namespace reeve::cgroups {
namespace {

struct Key {
  absl::string_view v1;  // with what is below, as v2 counts
  absl::string_view v2;
  uint64_t MemoryStatistics::*member;
};
constexpr Key kKeys[] = {
    {"total_rss", "anon", &MemoryStatistics::anonymous},
    {"total_cache", "file", &MemoryStatistics::file},
    {"total_shmem", "shmem", &MemoryStatistics::shared},
    {"total_swap", "", &MemoryStatistics::swap},
    {"", "kernel", &MemoryStatistics::kernel},
    {"total_inactive_file", "inactive_file", &MemoryStatistics::inactive_file},
    {"total_active_file", "active_file", &MemoryStatistics::active_file},
    {"total_mapped_file", "file_mapped", &MemoryStatistics::mapped_file},
    {"total_inactive_anon", "inactive_anon", &MemoryStatistics::inactive_anonymous},
    {"total_active_anon", "active_anon", &MemoryStatistics::active_anonymous},
    {"total_unevictable", "unevictable", &MemoryStatistics::unevictable},
    {"total_pgfault", "pgfault", &MemoryStatistics::page_faults},
    {"total_pgmajfault", "pgmajfault", &MemoryStatistics::major_page_faults},
};

}  // namespace

absl::StatusOr<MemoryStatistics> ReadMemoryStatistics(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kMemory);
  if (!files.ok()) return files.status();
  const bool v1 = files->version() == 1;
  MemoryStatistics result;
  // With v1's limit: it saves a read of each group.
  std::optional<uint64_t> limit;
  absl::Status status = files->ReadKeys("memory.stat", [&](absl::string_view name, uint64_t number) {
    if (v1 && name == "hierarchical_memory_limit") limit = number;
    if (v1 && !absl::StartsWith(name, "total_")) return;
    for (const Key& key : kKeys) {
      if (name == (v1 ? key.v1 : key.v2)) result.*key.member = number;
    }
  });
  if (!status.ok()) return status;
  absl::StatusOr<MemoryUsage> usage = ReadMemory(location, limit);
  if (!usage.ok()) return usage.status();
  result.usage = *usage;
  // v2 has swap in a file of its own, where it is counted at all; v1 has all kernel memory in one.
  absl::StatusOr<uint64_t> rest = files->ReadNumber(v1 ? "memory.kmem.usage_in_bytes" : "memory.swap.current");
  if (!rest.ok() && !absl::IsNotFound(rest.status())) return rest.status();
  if (rest.ok()) (v1 ? result.kernel : result.swap) = *rest;
  return result;
}

}  // namespace reeve::cgroups

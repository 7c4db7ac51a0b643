#include "cgroups/memory.h"

#include "absl/strings/str_cat.h"
#include "cgroups/controller_file.h"

namespace reeve::cgroups {
namespace {

// v1 shows "no limit" as the largest multiple of the page size below 2^63.
constexpr uint64_t kUnlimited = uint64_t{1} << 62;

bool Unlimited(uint64_t bytes) {
  return bytes == 0 || bytes > kUnlimited;
}

absl::Status WriteLimit(const Hierarchies& hierarchies, const std::string& path, absl::string_view v1_file,
                        absl::string_view v2_file, uint64_t bytes) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(hierarchies, Controller::kMemory, path);
  if (!files.ok()) return files.status();
  if (files->version() == 1) return files->Write(v1_file, Unlimited(bytes) ? "-1" : absl::StrCat(bytes));
  return files->Write(v2_file, Unlimited(bytes) ? "max" : absl::StrCat(bytes));
}

}  // namespace

absl::Status SetMemoryLimit(const Hierarchies& hierarchies, const std::string& path, uint64_t bytes) {
  return WriteLimit(hierarchies, path, "memory.limit_in_bytes", "memory.max", bytes);
}

absl::Status SetMemorySoftLimit(const Hierarchies& hierarchies, const std::string& path, uint64_t bytes) {
  // v1's soft limit is what is reclaimed down to under contention; memory.low is its reading in v2: what is protected
  // until others are above theirs. That is what libvirt and systemd map it to as well. No limit is no protection.
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(hierarchies, Controller::kMemory, path);
  if (!files.ok()) return files.status();
  if (files->version() == 1) {
    return files->Write("memory.soft_limit_in_bytes", Unlimited(bytes) ? "-1" : absl::StrCat(bytes));
  }
  return files->Write("memory.low", Unlimited(bytes) ? "0" : absl::StrCat(bytes));
}

absl::Status SetMemorySwapLimit(const Hierarchies& hierarchies, const std::string& path, uint64_t bytes) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(hierarchies, Controller::kMemory, path);
  if (!files.ok()) return files.status();
  if (files->version() == 1 || Unlimited(bytes)) {
    return WriteLimit(hierarchies, path, "memory.memsw.limit_in_bytes", "memory.swap.max", bytes);
  }
  absl::StatusOr<uint64_t> memory = files->ReadNumber("memory.max");
  if (!memory.ok()) return memory.status();
  if (*memory > bytes) {
    return absl::InvalidArgumentError(absl::StrCat("controller memory: the limit of memory and swap, ", bytes,
                                                   " bytes, is below the memory limit in ", path));
  }
  return files->Write("memory.swap.max", absl::StrCat(bytes - *memory));
}

absl::StatusOr<MemoryUsage> ReadMemory(const Hierarchies& hierarchies, const std::string& path) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(hierarchies, Controller::kMemory, path);
  if (!files.ok()) return files.status();
  const bool v1 = files->version() == 1;
  absl::StatusOr<uint64_t> bytes = files->ReadNumber(v1 ? "memory.usage_in_bytes" : "memory.current");
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<uint64_t> limit = files->ReadNumber(v1 ? "memory.limit_in_bytes" : "memory.max");
  if (!limit.ok()) return limit.status();
  absl::StatusOr<std::optional<uint64_t>> kills =
      files->ReadKey(v1 ? "memory.oom_control" : "memory.events", "oom_kill");
  if (!kills.ok()) return kills.status();
  // memory.peak came with Linux 5.19: not being there is no error.
  absl::StatusOr<uint64_t> peak = files->ReadNumber(v1 ? "memory.max_usage_in_bytes" : "memory.peak");
  if (!peak.ok() && !absl::IsNotFound(peak.status())) return peak.status();
  return MemoryUsage{.bytes = *bytes,
                     .peak_bytes = peak.ok() ? *peak : 0,
                     .limit_bytes = Unlimited(*limit) ? 0 : *limit,
                     .out_of_memory_kills = kills->value_or(0)};
}

}  // namespace reeve::cgroups

#include "cgroups/memory.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "cgroups/controller_file.h"

namespace reeve::cgroups {
namespace {

// v1 shows "no limit" as the largest multiple of the page size below 2^63.
constexpr uint64_t kUnlimited = uint64_t{1} << 62;

constexpr char kV1Hard[] = "memory.limit_in_bytes";
constexpr char kV1Soft[] = "memory.soft_limit_in_bytes";
constexpr char kV1Swap[] = "memory.memsw.limit_in_bytes";
constexpr char kV2Hard[] = "memory.max";
constexpr char kV2Soft[] = "memory.low";
constexpr char kV2Swap[] = "memory.swap.max";

bool Unlimited(uint64_t bytes) {
  return bytes == 0 || bytes > kUnlimited;
}

uint64_t ZeroIfUnlimited(uint64_t bytes) {
  return Unlimited(bytes) ? 0 : bytes;
}

absl::Status BelowHardLimit(const Location& location, uint64_t swap, uint64_t hard) {
  return absl::InvalidArgumentError(
      absl::StrCat("controller memory: the limit of memory and swap, ", swap, " bytes, is below the memory limit, ",
                   Unlimited(hard) ? "which is none" : absl::StrCat(hard, " bytes"), " (group ", location.path, ")"));
}

absl::Status SetV1(const Location& location, const ControllerFiles& files, const MemoryLimits& limits) {
  auto write = [&](const char* file, const std::optional<uint64_t>& bytes) {
    if (!bytes) return absl::OkStatus();
    return files.Write(file, Unlimited(*bytes) ? "-1" : absl::StrCat(*bytes));
  };
  // The limit of memory and swap is never below the hard one: the one that moves away goes first.
  bool swap_first = false;
  if (limits.hard_bytes && limits.swap_bytes) {
    if (!Unlimited(*limits.swap_bytes) && (Unlimited(*limits.hard_bytes) || *limits.swap_bytes < *limits.hard_bytes)) {
      return BelowHardLimit(location, *limits.swap_bytes, *limits.hard_bytes);
    }
    absl::StatusOr<uint64_t> present = files.ReadNumber(kV1Swap);
    if (!present.ok()) return present.status();
    swap_first = Unlimited(*limits.hard_bytes) || *limits.hard_bytes > *present;
  }
  if (swap_first) {
    if (absl::Status status = write(kV1Swap, limits.swap_bytes); !status.ok()) return status;
  }
  if (absl::Status status = write(kV1Hard, limits.hard_bytes); !status.ok()) return status;
  if (!swap_first) {
    if (absl::Status status = write(kV1Swap, limits.swap_bytes); !status.ok()) return status;
  }
  return write(kV1Soft, limits.soft_bytes);
}

absl::Status SetV2(const Location& location, const ControllerFiles& files, const MemoryLimits& limits) {
  std::string swap;
  if (limits.swap_bytes && Unlimited(*limits.swap_bytes)) {
    swap = "max";
  } else if (limits.swap_bytes) {
    uint64_t hard = limits.hard_bytes.value_or(0);
    if (!limits.hard_bytes) {
      absl::StatusOr<uint64_t> present = files.ReadNumber(kV2Hard);
      if (!present.ok()) return present.status();
      hard = *present;
    }
    if (Unlimited(hard) || hard > *limits.swap_bytes) return BelowHardLimit(location, *limits.swap_bytes, hard);
    swap = absl::StrCat(*limits.swap_bytes - hard);
  }
  if (limits.hard_bytes) {
    absl::Status status =
        files.Write(kV2Hard, Unlimited(*limits.hard_bytes) ? "max" : absl::StrCat(*limits.hard_bytes));
    if (!status.ok()) return status;
  }
  if (!swap.empty()) {
    if (absl::Status status = files.Write(kV2Swap, swap); !status.ok()) return status;
  }
  if (!limits.soft_bytes) return absl::OkStatus();
  return files.Write(kV2Soft, absl::StrCat(ZeroIfUnlimited(*limits.soft_bytes)));  // no limit is no protection
}

}  // namespace

absl::Status SetMemoryLimits(const Location& location, const MemoryLimits& limits) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kMemory);
  if (!files.ok()) return files.status();
  return files->version() == 1 ? SetV1(location, *files, limits) : SetV2(location, *files, limits);
}

absl::Status SetMemoryLimit(const Location& location, uint64_t bytes) {
  return SetMemoryLimits(location, {.hard_bytes = bytes});
}

absl::Status SetMemorySoftLimit(const Location& location, uint64_t bytes) {
  return SetMemoryLimits(location, {.soft_bytes = bytes});
}

absl::Status SetMemorySwapLimit(const Location& location, uint64_t bytes) {
  return SetMemoryLimits(location, {.swap_bytes = bytes});
}

absl::StatusOr<MemoryLimits> ReadMemoryLimits(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kMemory);
  if (!files.ok()) return files.status();
  const bool v1 = files->version() == 1;
  absl::StatusOr<uint64_t> hard = files->ReadNumber(v1 ? kV1Hard : kV2Hard);
  if (!hard.ok()) return hard.status();
  absl::StatusOr<uint64_t> soft = files->ReadNumber(v1 ? kV1Soft : kV2Soft);
  if (!soft.ok()) return soft.status();
  MemoryLimits limits = {.hard_bytes = ZeroIfUnlimited(*hard), .soft_bytes = ZeroIfUnlimited(*soft)};
  // A kernel that does not count swap (swapaccount=0) does not have the file.
  absl::StatusOr<uint64_t> swap = files->ReadNumber(v1 ? kV1Swap : kV2Swap);
  if (!swap.ok() && !absl::IsNotFound(swap.status())) return swap.status();
  if (!swap.ok()) return limits;
  if (v1 || Unlimited(*swap) || Unlimited(*hard)) {
    limits.swap_bytes = v1 || Unlimited(*swap) ? ZeroIfUnlimited(*swap) : 0;
  } else {
    limits.swap_bytes = *hard + *swap;
  }
  return limits;
}

absl::StatusOr<MemoryUsage> ReadMemory(const Location& location, std::optional<uint64_t> known_limit) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kMemory);
  if (!files.ok()) return files.status();
  const bool v1 = files->version() == 1;
  absl::StatusOr<uint64_t> bytes = files->ReadNumber(v1 ? "memory.usage_in_bytes" : "memory.current");
  if (!bytes.ok()) return bytes.status();
  absl::StatusOr<uint64_t> limit = known_limit ? *known_limit : files->ReadNumber(v1 ? kV1Hard : kV2Hard);
  if (!limit.ok()) return limit.status();
  absl::StatusOr<std::optional<uint64_t>> kills =
      files->ReadKey(v1 ? "memory.oom_control" : "memory.events", "oom_kill");
  if (!kills.ok()) return kills.status();
  absl::StatusOr<uint64_t> peak = files->ReadNumber(v1 ? "memory.max_usage_in_bytes" : "memory.peak");
  if (!peak.ok() && !absl::IsNotFound(peak.status())) return peak.status();
  return MemoryUsage{.bytes = *bytes,
                     .peak_bytes = peak.ok() ? *peak : 0,
                     .limit_bytes = ZeroIfUnlimited(*limit),
                     .out_of_memory_kills = kills->value_or(0)};
}

}  // namespace reeve::cgroups

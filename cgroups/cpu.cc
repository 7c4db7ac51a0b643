#include "cgroups/cpu.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cgroups/controller_file.h"

namespace reeve::cgroups {
namespace {

constexpr uint64_t kFewestShares = 2;
constexpr uint64_t kMostShares = 262144;
constexpr uint64_t kMostWeight = 10000;

// A budget of v1 in two files. The kernel refuses one that is more than the parent's, also in between, so that the
// file goes first that makes it smaller.
absl::Status WriteBudget(const ControllerFiles& files, absl::string_view period_file, absl::string_view quota_file,
                         uint64_t period_us, int64_t quota_us) {
  absl::StatusOr<uint64_t> present = files.ReadNumber(period_file);
  if (!present.ok()) return present.status();
  const std::string quota = absl::StrCat(std::max<int64_t>(quota_us, -1));
  if (period_us >= *present) {
    if (absl::Status status = files.Write(period_file, absl::StrCat(period_us)); !status.ok()) return status;
    return files.Write(quota_file, quota);
  }
  if (absl::Status status = files.Write(quota_file, quota); !status.ok()) return status;
  return files.Write(period_file, absl::StrCat(period_us));
}

absl::StatusOr<CpuQuota> ReadBudget(const ControllerFiles& files, absl::string_view period_file,
                                    absl::string_view quota_file) {
  absl::StatusOr<uint64_t> period = files.ReadNumber(period_file);
  if (!period.ok()) return period.status();
  absl::StatusOr<std::string> quota = files.Read(quota_file);
  if (!quota.ok()) return quota.status();
  CpuQuota result = {.period_us = *period};
  if (!absl::SimpleAtoi(absl::StripAsciiWhitespace(*quota), &result.quota_us)) {
    return files.Malformed(quota_file, *quota);
  }
  return result;
}

}  // namespace

uint64_t WeightFromShares(uint64_t shares) {
  const uint64_t bounded = std::clamp(shares, kFewestShares, kMostShares);
  return 1 + (bounded - kFewestShares) * (kMostWeight - 1) / (kMostShares - kFewestShares);
}

uint64_t SharesFromWeight(uint64_t weight) {
  const uint64_t bounded = std::clamp<uint64_t>(weight, 1, kMostWeight);
  const uint64_t span = kMostShares - kFewestShares;
  return std::min(kMostShares, kFewestShares + ((bounded - 1) * span + span / 2) / (kMostWeight - 1));
}

absl::Status SetCpuShares(const Location& location, uint64_t shares) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpu);
  if (!files.ok()) return files.status();
  if (files->version() == 1) return files->Write("cpu.shares", absl::StrCat(shares));
  return files->Write("cpu.weight", absl::StrCat(WeightFromShares(shares)));
}

absl::StatusOr<uint64_t> ReadCpuShares(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpu);
  if (!files.ok()) return files.status();
  if (files->version() == 1) return files->ReadNumber("cpu.shares");
  absl::StatusOr<uint64_t> weight = files->ReadNumber("cpu.weight");
  if (!weight.ok()) return weight.status();
  return SharesFromWeight(*weight);
}

absl::Status SetCpuQuota(const Location& location, uint64_t period_us, int64_t quota_us) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpu);
  if (!files.ok()) return files.status();
  if (files->version() == 1) return WriteBudget(*files, "cpu.cfs_period_us", "cpu.cfs_quota_us", period_us, quota_us);
  return files->Write("cpu.max", absl::StrCat(quota_us < 0 ? "max" : absl::StrCat(quota_us), " ", period_us));
}

absl::StatusOr<CpuQuota> ReadCpuQuota(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpu);
  if (!files.ok()) return files.status();
  if (files->version() == 1) return ReadBudget(*files, "cpu.cfs_period_us", "cpu.cfs_quota_us");
  absl::StatusOr<std::string> content = files->Read("cpu.max");
  if (!content.ok()) return content.status();
  const std::pair<absl::string_view, absl::string_view> parts =
      absl::StrSplit(absl::StripAsciiWhitespace(*content), absl::MaxSplits(' ', 1));
  CpuQuota result;
  const bool good = (parts.first == "max" || absl::SimpleAtoi(parts.first, &result.quota_us)) &&
                    absl::SimpleAtoi(parts.second, &result.period_us);
  if (!good) return files->Malformed("cpu.max", *content);
  return result;
}

absl::Status SetCpuRealtime(const Location& location, uint64_t period_us, int64_t runtime_us) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpu);
  if (!files.ok()) return files.status();
  if (files->version() == 2) return files->Without("real-time budget");
  return WriteBudget(*files, "cpu.rt_period_us", "cpu.rt_runtime_us", period_us, runtime_us);
}

absl::StatusOr<CpuQuota> ReadCpuRealtime(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpu);
  if (!files.ok()) return files.status();
  if (files->version() == 2) return files->Without("real-time budget");
  return ReadBudget(*files, "cpu.rt_period_us", "cpu.rt_runtime_us");
}

absl::StatusOr<CpuThrottling> ReadCpuThrottling(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpu);
  if (!files.ok()) return files.status();
  CpuThrottling result;
  absl::Status status = files->ReadKeys("cpu.stat", [&](absl::string_view key, uint64_t number) {
    if (key == "nr_periods") result.periods = number;
    if (key == "nr_throttled") result.throttled_periods = number;
    if (key == "throttled_time") result.throttled_ns = number;         // v1
    if (key == "throttled_usec") result.throttled_ns = number * 1000;  // v2
  });
  if (!status.ok()) return status;
  return result;
}

}  // namespace reeve::cgroups

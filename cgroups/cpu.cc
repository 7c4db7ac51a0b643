#include "cgroups/cpu.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cgroups/controller_file.h"
#include "util/errno.h"

namespace reeve::cgroups {

uint64_t WeightFromShares(uint64_t shares) {
  const uint64_t bounded = std::clamp<uint64_t>(shares, 2, 262144);
  return 1 + (bounded - 2) * 9999 / 262142;
}

absl::Status SetCpuShares(const Hierarchies& hierarchies, const std::string& path, uint64_t shares) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(hierarchies, Controller::kCpu, path);
  if (!files.ok()) return files.status();
  if (files->version() == 1) return files->Write("cpu.shares", absl::StrCat(shares));
  return files->Write("cpu.weight", absl::StrCat(WeightFromShares(shares)));
}

absl::Status SetCpuQuota(const Hierarchies& hierarchies, const std::string& path, uint64_t period_us,
                         int64_t quota_us) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(hierarchies, Controller::kCpu, path);
  if (!files.ok()) return files.status();
  if (files->version() == 2) {
    return files->Write("cpu.max", absl::StrCat(quota_us < 0 ? "max" : absl::StrCat(quota_us), " ", period_us));
  }
  if (absl::Status status = files->Write("cpu.cfs_period_us", absl::StrCat(period_us)); !status.ok()) return status;
  return files->Write("cpu.cfs_quota_us", absl::StrCat(quota_us < 0 ? -1 : quota_us));
}

absl::StatusOr<uint64_t> ReadCpuTimeNs(const Hierarchies& hierarchies, const std::string& path) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(hierarchies, Controller::kCpuacct, path);
  if (!files.ok()) return files.status();
  if (files->version() == 1) return files->ReadNumber("cpuacct.usage");
  absl::StatusOr<std::optional<uint64_t>> microseconds = files->ReadKey("cpu.stat", "usage_usec");
  if (!microseconds.ok()) return microseconds.status();
  return microseconds->value_or(0) * 1000;
}

absl::Status InheritCpuset(const Hierarchies& hierarchies, int hierarchy, const std::string& path) {
  const auto& names = hierarchies.all()[hierarchy].controllers;
  if (hierarchies.all()[hierarchy].version != 1 || std::find(names.begin(), names.end(), "cpuset") == names.end()) {
    return absl::OkStatus();
  }
  const size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? "" : absl::StrCat(path.substr(0, slash), "/");
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    std::string value;
    const std::string own = absl::StrCat(path, "/", file);
    int error = hierarchies.tree()->Read(hierarchy, own, &value);
    if (error == 0 && !absl::StripAsciiWhitespace(value).empty()) continue;
    if (error == 0) error = hierarchies.tree()->Read(hierarchy, absl::StrCat(parent, file), &value);
    if (error == 0) error = hierarchies.tree()->Write(hierarchy, own, absl::StripAsciiWhitespace(value));
    if (error != 0) {
      return util::ErrnoStatus(error, absl::StrCat("controller cpuset: copy \"", absl::StripAsciiWhitespace(value),
                                                   "\" from the parent to ", FullPath(hierarchies, hierarchy, own)));
    }
  }
  return absl::OkStatus();
}

}  // namespace reeve::cgroups

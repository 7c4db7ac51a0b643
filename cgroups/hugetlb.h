// Huge pages of a group (cgroup-v1/hugetlb.rst, cgroup-v2.rst).
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

// How the kernel's files name a size of pages: "64KB", "2MB", "1GB".
std::string HugePageName(uint64_t page_kib);

// 0 pages allows none. NOT_FOUND when the kernel has no pages of this size.
absl::Status SetHugePagesLimit(const Location& location, uint64_t page_kib, uint64_t pages);
absl::Status RemoveHugePagesLimit(const Location& location, uint64_t page_kib);

// Bytes.
struct HugePagesUsage {
  uint64_t bytes = 0;
  uint64_t peak_bytes = 0;  // v1 only
  uint64_t refused = 0;     // how often the limit was hit
};
absl::StatusOr<HugePagesUsage> ReadHugePages(const Location& location, uint64_t page_kib);

}  // namespace reeve::cgroups

#include "drivers/lxc/protected_paths.h"

#include <algorithm>
#include <iterator>

namespace reeve::lxc {
namespace {

constexpr char kAll[] = "all";
constexpr char kSystem[] = "/sys";

// The paths are those of OCI runtimes: what steers the host,
constexpr const char* kReadOnly[] = {"/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"};
// and what tells of it, or of its other guests.
constexpr const char* kHidden[] = {"/proc/acpi",
                                   "/proc/asound",
                                   "/proc/interrupts",
                                   "/proc/kcore",
                                   "/proc/keys",
                                   "/proc/latency_stats",
                                   "/proc/sched_debug",
                                   "/proc/scsi",
                                   "/proc/timer_list",
                                   "/proc/timer_stats",
                                   "/sys/devices/virtual/powercap",
                                   "/sys/firmware"};

bool IsOpen(const v1::LxcOptions& options, const std::string& path) {
  return std::any_of(options.open_paths().begin(), options.open_paths().end(),
                     [&](const std::string& open) { return open == kAll || open == path; });
}

}  // namespace

bool IsProtectedPath(const std::string& path) {
  const auto has = [&](const auto& list) { return std::find(std::begin(list), std::end(list), path) != std::end(list); };
  return path == kAll || path == kSystem || has(kReadOnly) || has(kHidden);
}

void PlanProtectedPaths(const v1::LxcOptions& options, LaunchPlan* plan) {
  plan->system_writable = IsOpen(options, kSystem);
  for (const char* path : kReadOnly) {
    if (!IsOpen(options, path)) plan->read_only_paths.emplace_back(path);
  }
  for (const char* path : kHidden) {
    if (!IsOpen(options, path)) plan->hidden_paths.emplace_back(path);
  }
}

}  // namespace reeve::lxc

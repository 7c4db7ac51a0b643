#include "drivers/lxc/protected_paths.h"

#include <iterator>

namespace reeve::lxc {
namespace {

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

}  // namespace

void PlanProtectedPaths(LaunchPlan* plan) {
  plan->read_only_paths.assign(std::begin(kReadOnly), std::end(kReadOnly));
  plan->hidden_paths.assign(std::begin(kHidden), std::end(kHidden));
}

}  // namespace reeve::lxc

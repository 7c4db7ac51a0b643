#include "drivers/lxc/lxcfs.h"

#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"

namespace reeve::lxc {

bool LxcfsIsMounted(absl::string_view mounts, absl::string_view directory) {
  for (const absl::string_view line : absl::StrSplit(mounts, '\n')) {
    // Id, parent, device, root, mount point, options, optional fields, "-", type, source ... (proc(5)).
    const std::vector<absl::string_view> fields = absl::StrSplit(line, ' ');
    if (fields.size() < 5 || fields[4] != directory) continue;
    if (absl::StrContains(line, " - fuse.lxcfs ")) return true;
  }
  return false;
}

void PlanLxcfs(const std::string& directory, LaunchPlan* plan) {
  for (const char* name : {"cpuinfo", "diskstats", "loadavg", "meminfo", "stat", "swaps", "uptime"}) {
    plan->replaced_files.push_back(
        {.path = absl::StrCat("/proc/", name), .source = absl::StrCat(directory, "/proc/", name)});
  }
}

}  // namespace reeve::lxc

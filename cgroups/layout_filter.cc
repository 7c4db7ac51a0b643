// Tells where the controllers of a host are, for comparison with what others make of the same host (tests/formats):
// one line "controller mount-point" each for the controllers of v1, and the v2 hierarchy as "unified"; "<null>" for
// what is not there.
//
//   layout_filter MOUNTINFO CGROUPS SELF_CGROUP      files as /proc has them; exit status 1 with an error when refused
#include <cstdio>
#include <string>

#include "absl/strings/str_format.h"
#include "cgroups/hierarchies.h"
#include "util/files.h"

namespace reeve::cgroups {
namespace {

int Fail(const absl::Status& status) {
  std::fprintf(stderr, "error: %s\n", std::string(status.message()).c_str());
  return 1;
}

std::string MountPoint(const Hierarchies& hierarchies, absl::string_view name) {
  // A hybrid host's devices are a program in v2, whatever v1 has mounted.
  if (name == "devices" && hierarchies.Find(Controller::kDevices).version == 2) return "<null>";
  for (const Hierarchy& hierarchy : hierarchies.all()) {
    if (hierarchy.version == 2) {
      if (name == "unified") return hierarchy.mount_point;
      continue;
    }
    for (const std::string& controller : hierarchy.controllers) {
      if (controller == name) return hierarchy.mount_point;
    }
  }
  return "<null>";
}

int Main(int count, char** arguments) {
  if (count != 4) {
    std::fprintf(stderr, "usage: layout_filter MOUNTINFO CGROUPS SELF_CGROUP\n");
    return 2;
  }
  Hierarchies::Texts texts;
  std::string* const targets[] = {&texts.mountinfo, &texts.cgroups, &texts.self_cgroup};
  for (int i = 0; i < 3; ++i) {
    absl::StatusOr<std::string> text = util::ReadFile(arguments[i + 1]);
    if (!text.ok()) return Fail(text.status());
    *targets[i] = *std::move(text);
  }
  absl::StatusOr<Hierarchies> hierarchies = Hierarchies::Parse(texts);
  if (!hierarchies.ok()) return Fail(hierarchies.status());
  for (const char* name : {"cpu", "cpuacct", "cpuset", "memory", "devices", "freezer", "blkio", "net_cls", "perf_event",
                           "name=systemd", "unified"}) {
    std::fputs(absl::StrFormat("%-12s %s\n", name, MountPoint(*hierarchies, name)).c_str(), stdout);
  }
  return 0;
}

}  // namespace
}  // namespace reeve::cgroups

int main(int count, char** arguments) {
  return reeve::cgroups::Main(count, arguments);
}

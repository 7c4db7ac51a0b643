#include "drivers/node/control_groups.h"

#include <algorithm>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "cgroups/pressure.h"
#include "util/files.h"
#include "util/systemd_scope.h"

namespace reeve::node {
namespace {

using cgroups::Controller;
using cgroups::Hierarchies;
using cgroups::Hierarchy;
using cgroups::Placement;

// The daemon's group below a mount point; empty for the root and where it is not seen.
std::string OwnGroup(const Hierarchy& hierarchy, absl::string_view self_cgroup) {
  for (absl::string_view line : absl::StrSplit(self_cgroup, '\n', absl::SkipEmpty())) {
    const std::vector<absl::string_view> fields = absl::StrSplit(line, absl::MaxSplits(':', 2));
    if (fields.size() != 3) continue;
    const std::vector<std::string> names = absl::StrSplit(fields[1], ',', absl::SkipEmpty());
    const bool same = hierarchy.version == 2
                          ? fields[1].empty()
                          : std::is_permutation(names.begin(), names.end(), hierarchy.controllers.begin(),
                                                hierarchy.controllers.end());
    if (!same) continue;
    absl::string_view path = fields[2];
    if (hierarchy.root != "/" && !absl::ConsumePrefix(&path, hierarchy.root)) return std::string();
    absl::ConsumePrefix(&path, "/");
    return std::string(path);
  }
  return std::string();
}

bool BelongsTo(Controller controller, int version, absl::string_view file) {
  if (version == 2 && controller == Controller::kFreezer) return file == "cgroup.freeze" || file == "cgroup.kill";
  if (version == 2 && controller == Controller::kCpuacct) return file == "cpu.stat";
  return absl::StartsWith(
      file, absl::StrCat(version == 2 ? cgroups::UnifiedName(controller) : cgroups::Name(controller), "."));
}

std::vector<std::string> FilesOf(const Hierarchies& hierarchies, Controller controller,
                                 const std::string& self_cgroup) {
  const Placement& placement = hierarchies.Find(controller);
  cgroups::Tree* tree = hierarchies.tree();
  std::string group = OwnGroup(hierarchies.all()[static_cast<size_t>(placement.hierarchy)], self_cgroup);
  std::vector<std::string> names;
  if (group.empty() && tree->ListDirectories(placement.hierarchy, "", &names) == 0 && !names.empty()) {
    group = *std::min_element(names.begin(), names.end());
  }
  // Without the list (the group has just gone) nothing is known, as on a host without groups.
  if (tree->ListFiles(placement.hierarchy, group, &names) != 0) return {};
  names.erase(std::remove_if(names.begin(), names.end(),
                             [&](const std::string& name) { return !BelongsTo(controller, placement.version, name); }),
              names.end());
  std::sort(names.begin(), names.end());
  return names;
}

void AddPressures(const std::string& proc, v1::ControlGroups* result) {
  for (const char* resource : {"cpu", "memory", "io"}) {
    const absl::StatusOr<std::string> text = util::ReadFile(absl::StrCat(proc, "/pressure/", resource));
    const absl::StatusOr<cgroups::Pressure> pressure =
        text.ok() ? cgroups::ParsePressure(*text) : absl::StatusOr<cgroups::Pressure>(text.status());
    if (!pressure.ok()) {
      result->set_no_pressure_reason(std::string(pressure.status().message()));
      continue;
    }
    v1::HostPressure& one = *result->add_pressures();
    one.set_resource(resource);
    one.set_some_average_10(pressure->some.average_10);
    one.set_some_average_60(pressure->some.average_60);
    one.set_some_average_300(pressure->some.average_300);
    one.set_some_total_us(pressure->some.total_us);
    one.set_full_average_10(pressure->full.average_10);
    one.set_full_average_60(pressure->full.average_60);
    one.set_full_average_300(pressure->full.average_300);
    one.set_full_total_us(pressure->full.total_us);
  }
}

v1::ControlGroups WithoutHierarchies(const absl::Status& cause) {
  v1::ControlGroups result;
  result.set_mode("none");
  for (Controller controller : cgroups::kAllControllers) {
    v1::ControlGroupController& one = *result.add_controllers();
    one.set_name(std::string(cgroups::Name(controller)));
    one.set_missing_reason(std::string(cause.message()));
  }
  AddPressures("/proc", &result);
  return result;
}

}  // namespace

v1::ControlGroups DescribeControlGroups(const Hierarchies& hierarchies, const std::string& self_cgroup,
                                        const std::string& proc) {
  v1::ControlGroups result;
  result.set_mode(std::string(hierarchies.Mode()));
  for (Controller controller : cgroups::kAllControllers) {
    const Placement& placement = hierarchies.Find(controller);
    v1::ControlGroupController& one = *result.add_controllers();
    one.set_name(std::string(cgroups::Name(controller)));
    one.set_version(static_cast<uint32_t>(placement.version));
    if (placement.hierarchy < 0) {
      one.set_missing_reason(placement.missing);
      continue;
    }
    const Hierarchy& hierarchy = hierarchies.all()[static_cast<size_t>(placement.hierarchy)];
    one.set_mount_point(hierarchy.mount_point);
    for (const std::string& other : hierarchy.controllers) {
      if (placement.version == 1 && other != one.name()) one.add_mounted_with(other);
    }
    for (std::string& file : FilesOf(hierarchies, controller, self_cgroup)) one.add_files(std::move(file));
  }
  AddPressures(proc, &result);
  return result;
}

absl::StatusOr<v1::ControlGroups> ReadControlGroups() {
  absl::StatusOr<Hierarchies::Texts> texts = Hierarchies::ReadTexts();
  if (absl::IsFailedPrecondition(texts.status())) return WithoutHierarchies(texts.status());
  if (!texts.ok()) return texts.status();
  absl::StatusOr<Hierarchies> hierarchies = Hierarchies::Open(*texts);
  if (!hierarchies.ok()) return hierarchies.status();
  v1::ControlGroups result = DescribeControlGroups(*hierarchies, texts->self_cgroup);
  result.set_systemd(util::SystemdIsInit());
  return result;
}

}  // namespace reeve::node

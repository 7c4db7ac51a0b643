#include "cgroups/cpuset.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "cgroups/controller_file.h"
#include "util/errno.h"

namespace reeve::cgroups {
namespace {

absl::Status WriteFile(const Location& location, absl::string_view file, absl::string_view value) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpuset);
  if (!files.ok()) return files.status();
  return files->Write(file, value);
}

}  // namespace

absl::Status SetCpusetCpus(const Location& location, absl::string_view cpus) {
  return WriteFile(location, "cpuset.cpus", cpus);
}

absl::Status SetCpusetNodes(const Location& location, absl::string_view nodes) {
  return WriteFile(location, "cpuset.mems", nodes);
}

absl::Status SetCpusetMigration(const Location& location, bool migrate) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpuset);
  if (!files.ok()) return files.status();
  if (files->version() == 1) return files->Write("cpuset.memory_migrate", migrate ? "1" : "0");
  return migrate ? absl::OkStatus() : files->Without("memory that stays on the nodes where it is");
}

absl::StatusOr<Cpuset> ReadCpuset(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kCpuset);
  if (!files.ok()) return files.status();
  const bool v1 = files->version() == 1;
  absl::StatusOr<std::string> cpus = files->Read(v1 ? "cpuset.effective_cpus" : "cpuset.cpus.effective");
  if (!cpus.ok()) return cpus.status();
  absl::StatusOr<std::string> nodes = files->Read(v1 ? "cpuset.effective_mems" : "cpuset.mems.effective");
  if (!nodes.ok()) return nodes.status();
  return Cpuset{.cpus = std::string(absl::StripAsciiWhitespace(*cpus)),
                .nodes = std::string(absl::StripAsciiWhitespace(*nodes))};
}

absl::Status InheritCpuset(const Hierarchies& hierarchies, int hierarchy, const std::string& path) {
  const auto& names = hierarchies.all()[hierarchy].controllers;
  if (hierarchies.all()[hierarchy].version != 1 || std::find(names.begin(), names.end(), "cpuset") == names.end()) {
    return absl::OkStatus();
  }
  Tree* tree = hierarchies.tree();
  const std::string parent = ParentPath(path);
  bool copied = false;
  for (const char* file : {"cpuset.cpus", "cpuset.mems"}) {
    std::string value;
    const std::string own = JoinPath(path, file);
    int error = tree->Read(hierarchy, own, &value);
    if (error == 0 && !absl::StripAsciiWhitespace(value).empty()) continue;
    if (error == 0) error = tree->Read(hierarchy, JoinPath(parent, file), &value);
    if (error == 0) error = tree->Write(hierarchy, own, absl::StripAsciiWhitespace(value));
    if (error != 0) {
      return util::ErrnoStatus(error, absl::StrCat("controller cpuset: copy \"", absl::StripAsciiWhitespace(value),
                                                   "\" from the parent to ", FullPath(hierarchies, hierarchy, own)));
    }
    copied = true;
  }
  // The root is everybody's. Elsewhere a failure costs time only.
  if (copied && !parent.empty()) (void)tree->Write(hierarchy, JoinPath(parent, "cgroup.clone_children"), "1");
  return absl::OkStatus();
}

}  // namespace reeve::cgroups

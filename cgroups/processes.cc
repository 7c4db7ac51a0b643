#include "cgroups/processes.h"

#include <algorithm>
#include <cerrno>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cgroups/controller_file.h"
#include "util/errno.h"

namespace reeve::cgroups {

absl::StatusOr<std::vector<std::string>> ListSubtree(const Hierarchies& hierarchies, int hierarchy,
                                                     const std::string& path) {
  constexpr size_t kMaximum = 4096;
  std::vector<std::string> groups = {path};
  // Breadth first, then turned around: children come before their parents.
  for (size_t i = 0; i < groups.size(); ++i) {
    std::vector<std::string> names;
    const int error = hierarchies.tree()->ListDirectories(hierarchy, groups[i], &names);
    if (error == ENOENT || error == ENODEV) {
      groups.erase(groups.begin() + static_cast<std::ptrdiff_t>(i--));
      continue;
    }
    if (error != 0) {
      return util::ErrnoStatus(
          error, absl::StrCat(Label(hierarchies, hierarchy), ": list ", FullPath(hierarchies, hierarchy, groups[i])));
    }
    for (const std::string& name : names) groups.push_back(absl::StrCat(groups[i], "/", name));
    if (groups.size() > kMaximum) {
      return absl::ResourceExhaustedError(absl::StrCat(Label(hierarchies, hierarchy), ": more than ", kMaximum,
                                                       " groups below ", FullPath(hierarchies, hierarchy, path)));
    }
  }
  std::reverse(groups.begin(), groups.end());
  return groups;
}

absl::StatusOr<std::vector<pid_t>> ListProcesses(const Hierarchies& hierarchies, int hierarchy,
                                                 const std::string& path) {
  absl::StatusOr<std::vector<std::string>> groups = ListSubtree(hierarchies, hierarchy, path);
  if (!groups.ok()) return groups.status();
  std::vector<pid_t> result;
  for (const std::string& group : *groups) {
    const std::string file = absl::StrCat(group, "/cgroup.procs");
    std::string content;
    const int error = hierarchies.tree()->Read(hierarchy, file, &content);
    // A threaded v2 group has no process list of its own: its processes stand in the group above (EOPNOTSUPP).
    if (error == ENOENT || error == ENODEV || error == EOPNOTSUPP) continue;
    if (error != 0) {
      return util::ErrnoStatus(
          error, absl::StrCat(Label(hierarchies, hierarchy), ": read ", FullPath(hierarchies, hierarchy, file)));
    }
    for (absl::string_view line : absl::StrSplit(content, '\n', absl::SkipEmpty())) {
      // 0 is a process of a pid namespace that is not seen from here.
      if (pid_t process = 0; absl::SimpleAtoi(line, &process) && process > 0) result.push_back(process);
    }
  }
  std::sort(result.begin(), result.end());
  result.erase(std::unique(result.begin(), result.end()), result.end());
  return result;
}

}  // namespace reeve::cgroups

#include "cgroups/perf_event.h"

#include "absl/strings/str_cat.h"
#include "cgroups/controller_file.h"
#include "util/errno.h"

namespace reeve::cgroups {

absl::StatusOr<util::UniqueFd> OpenForPerfEvents(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kPerfEvent);
  if (!files.ok()) return files.status();
  const int hierarchy = location.hierarchies.Find(Controller::kPerfEvent).hierarchy;
  util::UniqueFd directory;
  const int error = location.hierarchies.tree()->OpenDirectory(hierarchy, location.path, &directory);
  if (error == 0) return directory;
  return util::ErrnoStatus(
      error, absl::StrCat("controller perf_event: open ", FullPath(location.hierarchies, hierarchy, location.path)));
}

}  // namespace reeve::cgroups

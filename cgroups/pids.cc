#include "cgroups/pids.h"

#include <limits>
#include <optional>

#include "absl/strings/str_cat.h"
#include "cgroups/controller_file.h"

namespace reeve::cgroups {

absl::Status SetTasksLimit(const Location& location, uint64_t tasks) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kPids);
  if (!files.ok()) return files.status();
  return files->Write("pids.max", tasks == 0 ? "max" : absl::StrCat(tasks));
}

absl::StatusOr<TasksUsage> ReadTasks(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kPids);
  if (!files.ok()) return files.status();
  absl::StatusOr<uint64_t> tasks = files->ReadNumber("pids.current");
  if (!tasks.ok()) return tasks.status();
  absl::StatusOr<uint64_t> limit = files->ReadNumber("pids.max");
  if (!limit.ok()) return limit.status();
  return TasksUsage{.tasks = *tasks, .limit = *limit == std::numeric_limits<uint64_t>::max() ? 0 : *limit};
}

absl::StatusOr<uint64_t> ReadTasksCount(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kPids);
  if (!files.ok()) return files.status();
  return files->ReadNumber("pids.current");
}

absl::StatusOr<uint64_t> ReadTasksRefused(const Location& location) {
  absl::StatusOr<ControllerFiles> files = ControllerFiles::Find(location, Controller::kPids);
  if (!files.ok()) return files.status();
  absl::StatusOr<std::optional<uint64_t>> refused = files->ReadKey("pids.events", "max");
  if (!refused.ok()) return refused.status();
  return refused->value_or(0);
}

}  // namespace reeve::cgroups

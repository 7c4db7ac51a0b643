// The pids controller of a group: how many processes and threads it may have (cgroup-v2.rst, cgroup-v1/pids.rst).
#pragma once

#include <cstdint>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "cgroups/location.h"

namespace reeve::cgroups {

// 0: no limit. One below what is there lets none be born until enough have ended.
absl::Status SetTasksLimit(const Location& location, uint64_t tasks);

// Processes and threads. Two reads.
struct TasksUsage {
  uint64_t tasks = 0;
  uint64_t limit = 0;  // 0: none
};
absl::StatusOr<TasksUsage> ReadTasks(const Location& location);
// TasksUsage::tasks alone, one read.
absl::StatusOr<uint64_t> ReadTasksCount(const Location& location);
// How many births the limit has refused.
absl::StatusOr<uint64_t> ReadTasksRefused(const Location& location);

}  // namespace reeve::cgroups

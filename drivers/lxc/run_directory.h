// The run-time files of the guests: a directory for each, named by its uid, with "plan", "control" and, at the end,
// "exit".
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "drivers/lxc/launch_plan.h"
#include "drivers/lxc/messages.h"
#include "util/fd.h"

namespace reeve::lxc {

// One guest's directory, held open. Move-only; the directory outlives the object.
class RunDirectory {
 public:
  // Makes it and writes the plan. What an earlier guest has left there is removed first. After an error nothing is
  // left.
  static absl::StatusOr<RunDirectory> Create(const std::string& parent, const std::string& uid, const LaunchPlan& plan);
  // NOT_FOUND when there is none.
  static absl::StatusOr<RunDirectory> Open(const std::string& parent, const std::string& uid);
  // Names in `parent` that are directories.
  static absl::StatusOr<std::vector<std::string>> List(const std::string& parent);

  int fd() const { return fd_.get(); }
  absl::StatusOr<LaunchPlan> ReadPlan() const;
  // Whole, or not at all.
  absl::Status WritePlan(const LaunchPlan& plan) const;
  // NOT_FOUND when the guest has left no record.
  absl::StatusOr<ExitRecord> ReadExit() const;
  // Connects to the supervisor's control socket, which blocks; UNAVAILABLE when nobody listens.
  absl::StatusOr<util::UniqueFd> Connect() const;
  // Removes it with all that is ours in it.
  absl::Status Remove();

 private:
  RunDirectory(std::string path, util::UniqueFd fd) : path_(std::move(path)), fd_(std::move(fd)) {}

  std::string path_;
  util::UniqueFd fd_;
};

// Whether `uid` can name a directory: [A-Za-z0-9._-]{1,128}, and not "." or "..".
bool IsSafeName(absl::string_view uid);

}  // namespace reeve::lxc

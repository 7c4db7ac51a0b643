// Where the daemon's files are.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reeve {

// All paths are below one root directory, "/" but for private daemons and tests. Immutable, thread-safe.
class Paths {
 public:
  // `root` may be relative and need not exist. INVALID_ARGUMENT when it is empty or the working directory is not known.
  static absl::StatusOr<Paths> Create(const std::string& root);

  // "" for "/", else without a final "/".
  const std::string& root() const { return root_; }
  // An absolute path of the configuration, below the root.
  std::string Below(const std::string& path) const { return root_ + path; }

  std::string config_file() const { return Below("/etc/reeve/reeved.toml"); }
  std::string run_directory() const { return Below("/run/reeve"); }
  std::string state_directory() const { return Below("/var/lib/reeve"); }
  std::string log_directory() const { return Below("/var/log/reeve"); }
  std::string lock_file() const { return run_directory() + "/reeved.lock"; }
  std::string lxc_run_directory() const { return run_directory() + "/lxc"; }
  std::string xen_state_directory() const { return state_directory() + "/xen"; }

  // Makes the directories that are missing: run 0755 (clients must reach the sockets), state 0700, log 0750; those
  // above them, and etc, 0755. Refuses (FAILED_PRECONDITION) one of the three that is there but not a directory,
  // belongs to another user than the daemon's, or can be written by group or others. Independent of the umask.
  absl::Status MakeDirectories() const;

 private:
  explicit Paths(std::string root) : root_(std::move(root)) {}

  std::string root_;
};

}  // namespace reeve

// Tells that something in a directory has changed.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "util/fd.h"

namespace reeve::util {

// inotify(7) on the directories of files, not on the files: these are replaced by renaming, and often reached through
// links. Not thread-safe.
class DirectoryWatch {
 public:
  static absl::StatusOr<DirectoryWatch> Create();

  // Readable when something has happened.
  int fd() const { return fd_.get(); }
  // Takes what has happened. True: anything at all, or events were lost.
  bool Take();
  // From now on watches the directories in which these files are, where links on the way to them lead, and for a
  // directory that is not there the nearest one above it that is.
  absl::Status WatchFiles(const std::vector<std::string>& files);

 private:
  explicit DirectoryWatch(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
  std::set<int> watches_;
};

}  // namespace reeve::util

// Whole small files.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace reeve::util {

// Reads a file of at most `limit` bytes; OUT_OF_RANGE when it is larger. Works for /proc and cgroup files.
absl::StatusOr<std::string> ReadFile(const std::string& path, size_t limit = 1 << 20);

// Writes `content` in one write(2) to an existing file, as kernel interface files want it.
absl::Status WriteExisting(const std::string& path, absl::string_view content);

// Replaces `path` so that after a crash it is either the old or the new file: temporary file, fsync, rename, fsync of the
// directory.
absl::Status ReplaceFile(const std::string& path, absl::string_view content, mode_t mode);

// The names in a directory are on the disk when this returns (fsync(2)).
absl::Status SyncDirectory(const std::string& path);

// mkdir -p with `mode` for every directory it makes.
absl::Status MakeDirectories(const std::string& path, mode_t mode);

}  // namespace reeve::util

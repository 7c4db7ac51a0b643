// A file that gets its name when it is whole.
#pragma once

#include <sys/types.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "util/fd.h"

namespace reeve::util {

// Written under another name, ".NAME.XXXXXXXXXXXXXXXX.unfinished", in the same directory; Finish gives it its own. Dropped
// when it is destroyed before. Move-only, not thread-safe.
class NewFile {
 public:
  // A path of a caller of ours, used with our rights: absolute, at most 4095 bytes, no component "..", not ending in "/". Its
  // directory must be there. What has that name already must be a regular file, no symbolic link: it is replaced by Finish.
  // INVALID_ARGUMENT for a path, FAILED_PRECONDITION for what is in its place.
  static absl::StatusOr<NewFile> Create(const std::string& path, mode_t mode);
  NewFile(NewFile&& other) noexcept;
  NewFile& operator=(NewFile&&) = delete;
  ~NewFile();

  // Open for reading and writing.
  int descriptor() const { return file_.get(); }
  // Writes it to the disk and names it. After an error there is no file, but one of that name that was there before.
  absl::Status Finish();

 private:
  NewFile(UniqueFd directory, UniqueFd file, std::string path, std::string unfinished)
      : directory_(std::move(directory)),
        file_(std::move(file)),
        path_(std::move(path)),
        unfinished_(std::move(unfinished)) {}
  std::string name() const { return path_.substr(path_.rfind('/') + 1); }

  UniqueFd directory_;
  UniqueFd file_;
  std::string path_;
  std::string unfinished_;  // empty: it has its name, or is dropped
};

// Opens a regular file for reading, by a path as above; a symbolic link in its last component is refused, and so is what
// would block.
absl::StatusOr<UniqueFd> OpenRegularFile(const std::string& path);

}  // namespace reeve::util

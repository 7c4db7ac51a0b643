// The user's editor.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace reeve::cli {

// A text in a temporary file that only the user can read, for an editor. The destructor removes the file unless Keep
// was called.
class EditedFile {
 public:
  // The file is in TMPDIR or /tmp and ends in `suffix`.
  static absl::StatusOr<EditedFile> Create(const std::string& text, const std::string& suffix);
  EditedFile(EditedFile&& other) noexcept : path_(std::move(other.path_)) { other.path_.clear(); }
  EditedFile& operator=(EditedFile&&) = delete;
  ~EditedFile();

  // Runs VISUAL, EDITOR, or sensible-editor or vi on the file, by the shell, and waits for its end; gives the text
  // then.
  absl::StatusOr<std::string> Edit();
  const std::string& path() const { return path_; }
  // Leaves the file to the user.
  void Keep() { path_.clear(); }

 private:
  explicit EditedFile(std::string path) : path_(std::move(path)) {}
  std::string path_;
};

}  // namespace reeve::cli

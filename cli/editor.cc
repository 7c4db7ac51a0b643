#include "cli/editor.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "util/errno.h"
#include "util/fd.h"
#include "util/files.h"

extern char** environ;

namespace reeve::cli {
namespace {

std::string FromEnvironment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

// EDITOR may hold options ("emacs -nw"), so a shell runs it, with the file as an argument and not in its text.
std::string EditorCommand() {
  std::string editor = FromEnvironment("VISUAL");
  if (editor.empty()) editor = FromEnvironment("EDITOR");
  if (editor.empty()) editor = ::access("/usr/bin/sensible-editor", X_OK) == 0 ? "sensible-editor" : "vi";
  return editor + " \"$1\"";
}

absl::Status WriteAll(int fd, const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t count = ::write(fd, text.data() + done, text.size() - done);
    if (count < 0 && errno != EINTR) return util::ErrnoStatus("write the temporary file");
    if (count > 0) done += static_cast<size_t>(count);
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<EditedFile> EditedFile::Create(const std::string& text, const std::string& suffix) {
  std::string directory = FromEnvironment("TMPDIR");
  if (directory.empty()) directory = "/tmp";
  std::string path = absl::StrCat(directory, "/reeve-XXXXXX", suffix);
  const util::UniqueFd fd(::mkostemps(path.data(), static_cast<int>(suffix.size()), O_CLOEXEC));  // mode 0600
  if (!fd) return util::ErrnoStatus(absl::StrCat("create a temporary file in ", directory));
  EditedFile file(std::move(path));
  if (absl::Status status = WriteAll(fd.get(), text); !status.ok()) return status;
  return file;
}

EditedFile::~EditedFile() {
  if (!path_.empty()) (void)::unlink(path_.c_str());
}

absl::StatusOr<std::string> EditedFile::Edit() {
  std::string command = EditorCommand();
  std::string shell = "/bin/sh";
  std::string option = "-c";
  std::string name = "reeve-edit";
  char* arguments[] = {shell.data(), option.data(), command.data(), name.data(), path_.data(), nullptr};
  pid_t pid = -1;
  const int error = ::posix_spawn(&pid, shell.c_str(), nullptr, nullptr, arguments, environ);
  if (error != 0) return util::ErrnoStatus(error, "run /bin/sh");
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0) {
    if (errno != EINTR) return util::ErrnoStatus("wait for the editor");
  }
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    return absl::FailedPreconditionError(absl::StrCat(
        "the editor '", command.substr(0, command.size() - 5), "' ended with ",
        WIFEXITED(status) ? absl::StrCat("code ", WEXITSTATUS(status)) : absl::StrCat("signal ", WTERMSIG(status))));
  }
  return util::ReadFile(path_);
}

}  // namespace reeve::cli

#include "util/directory_watch.h"

#include <sys/inotify.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "util/errno.h"

namespace reeve::util {
namespace {

constexpr uint32_t kEvents = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | IN_ATTRIB |
                             IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR;

std::string NearestDirectory(const std::filesystem::path& file) {
  std::filesystem::path directory = file.parent_path();
  std::error_code error;
  while (!std::filesystem::is_directory(directory, error) && directory != directory.root_path() &&
         directory.has_parent_path()) {
    directory = directory.parent_path();
  }
  return directory.empty() ? "." : directory.string();
}

}  // namespace

absl::StatusOr<DirectoryWatch> DirectoryWatch::Create() {
  UniqueFd fd(::inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!fd) return ErrnoStatus("watch directories (inotify_init1)");
  return DirectoryWatch(std::move(fd));
}

bool DirectoryWatch::Take() {
  alignas(inotify_event) char events[4096];
  bool any = false;
  while (true) {
    const ssize_t size = ::read(fd_.get(), events, sizeof(events));
    if (size < 0 && errno == EINTR) continue;
    if (size <= 0) return any;
    for (ssize_t at = 0; at < size;) {
      const auto* const event = reinterpret_cast<const inotify_event*>(events + at);
      // That a watch has been given up is no change of a directory (inotify(7), IN_IGNORED).
      any = any || (event->mask & IN_IGNORED) == 0;
      at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    }
  }
}

absl::Status DirectoryWatch::WatchFiles(const std::vector<std::string>& files) {
  std::set<std::string> directories;
  for (const std::string& file : files) {
    directories.insert(NearestDirectory(file));
    std::error_code error;
    const std::filesystem::path target = std::filesystem::weakly_canonical(file, error);
    if (!error) directories.insert(NearestDirectory(target));
  }
  // A directory that is watched already keeps its number (inotify_add_watch(2)).
  std::set<int> kept;
  absl::Status result;
  for (const std::string& directory : directories) {
    const int watch = ::inotify_add_watch(fd_.get(), directory.c_str(), kEvents);
    if (watch < 0) {
      result.Update(ErrnoStatus(absl::StrCat("watch ", directory)));
    } else {
      kept.insert(watch);
    }
  }
  for (const int watch : watches_) {
    // It fails for a directory that is gone, which is what is wanted.
    if (!kept.contains(watch)) (void)::inotify_rm_watch(fd_.get(), watch);
  }
  watches_ = std::move(kept);
  return result;
}

}  // namespace reeve::util

#include "cgroups/kept_files.h"

#include <unistd.h>

#include <cerrno>

namespace reeve::cgroups {
namespace {

constexpr size_t kReadLimit = 4 << 20;

int ReadFrom(int fd, std::string* content) {
  content->clear();
  char buffer[4096];
  for (;;) {
    const ssize_t count = ::pread(fd, buffer, sizeof buffer, static_cast<off_t>(content->size()));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return errno;
    content->append(buffer, static_cast<size_t>(count));
    // The kernel makes the whole text of a control file at once: what does not fill the buffer is its end.
    if (static_cast<size_t>(count) < sizeof buffer) return 0;
    if (content->size() > kReadLimit) return EFBIG;
  }
}

// "machine/web1/memory.stat" is "memory.stat" of "machine/web1".
std::pair<absl::string_view, absl::string_view> Split(absl::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == absl::string_view::npos) return {"", path};
  return {path.substr(0, slash), path.substr(slash + 1)};
}

}  // namespace

int KeptFiles::Read(int hierarchy, const std::string& path, std::string* content) {
  const auto [group, file] = Split(path);
  if (const auto kept = Find(hierarchy, group, file); kept != nullptr) {
    const int error = ReadFrom(kept->get(), content);
    // The group was removed; there may be another one of its name.
    if (error != ENODEV) return error;
    Forget(std::string(group));
  }
  util::UniqueFd opened;
  if (const int error = tree_->OpenFile(hierarchy, path, &opened); error != 0) return error;
  const auto descriptor = std::make_shared<const util::UniqueFd>(std::move(opened));
  const int error = ReadFrom(descriptor->get(), content);
  if (error == 0) Keep(hierarchy, group, file, descriptor);
  return error;
}

void KeptFiles::Allow(size_t most) {
  std::vector<std::vector<Kept>> closing;  // outside of the lock
  absl::MutexLock lock(&mutex_);
  most_ = most;
  while (size_ > most_) {
    const auto any = groups_.begin();
    size_ -= any->second.size();
    closing.push_back(std::move(any->second));
    groups_.erase(any);
  }
}

void KeptFiles::Forget(const std::string& group) {
  std::vector<Kept> closing;  // outside of the lock
  absl::MutexLock lock(&mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return;
  size_ -= found->second.size();
  closing = std::move(found->second);
  groups_.erase(found);
}

size_t KeptFiles::size() const {
  absl::MutexLock lock(&mutex_);
  return size_;
}

std::shared_ptr<const util::UniqueFd> KeptFiles::Find(int hierarchy, absl::string_view group,
                                                      absl::string_view file) const {
  absl::MutexLock lock(&mutex_);
  const auto found = groups_.find(group);
  if (found == groups_.end()) return nullptr;
  for (const Kept& kept : found->second) {
    if (kept.hierarchy == hierarchy && kept.file == file) return kept.descriptor;
  }
  return nullptr;
}

void KeptFiles::Keep(int hierarchy, absl::string_view group, absl::string_view file,
                     std::shared_ptr<const util::UniqueFd> descriptor) {
  absl::MutexLock lock(&mutex_);
  if (size_ >= most_) return;
  std::vector<Kept>& files = groups_[std::string(group)];
  for (const Kept& kept : files) {
    if (kept.hierarchy == hierarchy && kept.file == file) return;
  }
  files.push_back({hierarchy, std::string(file), std::move(descriptor)});
  ++size_;
}

}  // namespace reeve::cgroups

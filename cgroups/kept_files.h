// Files of groups that are read again and again, kept open: to open a control file takes the kernel several times as long
// as to read it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "cgroups/tree.h"

namespace reeve::cgroups {

// A tree over another one, which it outlives nothing of. Reads keep their files open, up to a number; everything else is the
// other's. Thread-safe, as far as that one is.
class KeptFiles final : public Tree {
 public:
  KeptFiles(std::shared_ptr<Tree> tree, size_t most) : tree_(std::move(tree)), most_(most) {}

  // Keeps at most so many from now on; what is over is closed.
  void Allow(size_t most);
  // Closes the files of a group. A removed group whose files are open stays in the kernel's memory.
  void Forget(const std::string& group);
  size_t size() const;

  int Read(int hierarchy, const std::string& path, std::string* content) override;

  int MakeDirectory(int hierarchy, const std::string& path) override { return tree_->MakeDirectory(hierarchy, path); }
  int RemoveDirectory(int hierarchy, const std::string& path) override {
    return tree_->RemoveDirectory(hierarchy, path);
  }
  int ListDirectories(int hierarchy, const std::string& path, std::vector<std::string>* names) override {
    return tree_->ListDirectories(hierarchy, path, names);
  }
  int ListFiles(int hierarchy, const std::string& path, std::vector<std::string>* names) override {
    return tree_->ListFiles(hierarchy, path, names);
  }
  int OpenDirectory(int hierarchy, const std::string& path, util::UniqueFd* directory) override {
    return tree_->OpenDirectory(hierarchy, path, directory);
  }
  int OpenFile(int hierarchy, const std::string& path, util::UniqueFd* file) override {
    return tree_->OpenFile(hierarchy, path, file);
  }
  bool Exists(int hierarchy, const std::string& path) override { return tree_->Exists(hierarchy, path); }
  int Write(int hierarchy, const std::string& path, absl::string_view value) override {
    return tree_->Write(hierarchy, path, value);
  }
  int ChangeOwner(int hierarchy, const std::string& path, uid_t user, gid_t group) override {
    return tree_->ChangeOwner(hierarchy, path, user, group);
  }
  int Await(int hierarchy, const std::string& path, bool notifies, absl::Duration timeout,
            const std::function<bool(absl::string_view)>& done) override {
    return tree_->Await(hierarchy, path, notifies, timeout, done);
  }
  int ReplaceDeviceProgram(int hierarchy, const std::string& path, const std::vector<bpf_insn>& program,
                           std::string* log) override {
    return tree_->ReplaceDeviceProgram(hierarchy, path, program, log);
  }
  int Signal(pid_t process, int signal) override { return tree_->Signal(process, signal); }
  absl::Duration Pause(int attempt) override { return tree_->Pause(attempt); }

 private:
  struct Kept {
    int hierarchy;
    std::string file;
    std::shared_ptr<const util::UniqueFd> descriptor;
  };

  std::shared_ptr<const util::UniqueFd> Find(int hierarchy, absl::string_view group, absl::string_view file) const;
  void Keep(int hierarchy, absl::string_view group, absl::string_view file,
            std::shared_ptr<const util::UniqueFd> descriptor);

  const std::shared_ptr<Tree> tree_;
  mutable absl::Mutex mutex_;
  absl::flat_hash_map<std::string, std::vector<Kept>> groups_ ABSL_GUARDED_BY(mutex_);
  size_t most_ ABSL_GUARDED_BY(mutex_);
  size_t size_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace reeve::cgroups

// A program that is executed from memory.
#pragma once

#include <sys/stat.h>

#include <memory>
#include <string>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "util/fd.h"

namespace reeve::lxc {

// A sealed copy of a program (memfd_create(2), F_ADD_SEALS), which nobody can write, whatever way to it he finds: what
// happens to processes that execute it does not reach the program on the disk (CVE-2019-5736). Thread-safe.
class SealedProgram {
 public:
  explicit SealedProgram(std::string path) : path_(std::move(path)) {}

  // The copy, open for execution. It is made when it is first asked for and when the file is another one by then. Errors
  // are those of the file, or of a host that does not execute from memory (vm.memfd_noexec).
  absl::StatusOr<std::shared_ptr<const util::UniqueFd>> Get();
  // Has the next Get make another copy. For one that is not executed: whoever has it open for writing, though he cannot
  // write, keeps it from that (ETXTBSY).
  void Forget();
  const std::string& path() const { return path_; }

 private:
  const std::string path_;
  absl::Mutex mutex_;
  struct stat made_of_ ABSL_GUARDED_BY(mutex_) = {};
  std::shared_ptr<const util::UniqueFd> copy_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::lxc

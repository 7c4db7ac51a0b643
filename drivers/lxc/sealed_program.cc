#include "drivers/lxc/sealed_program.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <cerrno>

#include "absl/strings/str_cat.h"
#include "util/errno.h"

#ifndef MFD_EXEC
#define MFD_EXEC 0x0010U
#endif

namespace reeve::lxc {
namespace {

constexpr off_t kMaximumSize = 64 << 20;

bool IsSame(const struct stat& one, const struct stat& other) {
  return one.st_dev == other.st_dev && one.st_ino == other.st_ino && one.st_size == other.st_size &&
         one.st_mtim.tv_sec == other.st_mtim.tv_sec && one.st_mtim.tv_nsec == other.st_mtim.tv_nsec;
}

util::UniqueFd MakeMemory() {
  // Kernels before 6.3 do not know MFD_EXEC, and execute all.
  for (const unsigned execute : {MFD_EXEC, 0U}) {
    util::UniqueFd memory(memfd_create("reeve-supervisor", MFD_CLOEXEC | MFD_ALLOW_SEALING | execute));
    if (memory || errno != EINVAL) return memory;
  }
  return {};
}

absl::StatusOr<util::UniqueFd> Copy(int file, off_t size, const std::string& path) {
  const util::UniqueFd memory = MakeMemory();
  if (!memory) return util::ErrnoStatus("make memory for a program");
  for (off_t done = 0; done < size;) {
    const ssize_t copied = sendfile(memory.get(), file, &done, static_cast<size_t>(size - done));
    if (copied < 0 && errno == EINTR) continue;
    if (copied < 0) return util::ErrnoStatus(absl::StrCat("copy ", path));
    if (copied == 0) return absl::DataLossError(absl::StrCat("copy ", path, ": it is shorter than it was"));
  }
  if (fchmod(memory.get(), 0500) < 0 ||
      fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0) {
    return util::ErrnoStatus("seal the copy of a program");
  }
  // Anew, for what is open for writing is not executed (ETXTBSY).
  util::UniqueFd program(open(absl::StrCat("/proc/self/fd/", memory.get()).c_str(), O_RDONLY | O_CLOEXEC));
  if (!program) return util::ErrnoStatus("open the copy of a program");
  return program;
}

}  // namespace

absl::StatusOr<std::shared_ptr<const util::UniqueFd>> SealedProgram::Get() {
  const util::UniqueFd file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  if (!file || fstat(file.get(), &status) < 0) return util::ErrnoStatus(absl::StrCat("open ", path_));
  absl::MutexLock lock(&mutex_);
  if (copy_ != nullptr && IsSame(made_of_, status)) return copy_;
  if (!S_ISREG(status.st_mode) || (status.st_mode & 0111) == 0 || status.st_size > kMaximumSize) {
    return absl::FailedPreconditionError(absl::StrCat(path_, " is no program"));
  }
  absl::StatusOr<util::UniqueFd> copy = Copy(file.get(), status.st_size, path_);
  if (!copy.ok()) return copy.status();
  made_of_ = status;
  copy_ = std::make_shared<const util::UniqueFd>(*std::move(copy));
  return copy_;
}

void SealedProgram::Forget() {
  absl::MutexLock lock(&mutex_);
  copy_ = nullptr;
}

}  // namespace reeve::lxc

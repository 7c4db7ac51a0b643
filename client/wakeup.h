// A flag that poll(2) can wait for.
#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include "absl/status/statusor.h"
#include "util/errno.h"
#include "util/fd.h"

namespace reeve::client {

// An eventfd(2) used as a flag. Set and Clear are thread-safe; Set is safe in a signal handler.
class Wakeup {
 public:
  static absl::StatusOr<Wakeup> Create() {
    util::UniqueFd fd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!fd) return util::ErrnoStatus("eventfd");
    return Wakeup(std::move(fd));
  }

  // Readable while the flag is set.
  int fd() const { return fd_.get(); }
  // Both can only fail with EAGAIN, when the flag already is as wanted (eventfd(2)).
  void Set() const {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t result = ::write(fd_.get(), &one, sizeof(one));
  }
  void Clear() const {
    uint64_t count;
    [[maybe_unused]] const ssize_t result = ::read(fd_.get(), &count, sizeof(count));
  }

 private:
  explicit Wakeup(util::UniqueFd fd) : fd_(std::move(fd)) {}
  util::UniqueFd fd_;
};

}  // namespace reeve::client

#include "daemon/signals.h"

#include <poll.h>
#include <sys/signalfd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>

#include "util/errno.h"

namespace reeve {

absl::StatusOr<Signals> Signals::Block() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, signal);
  sigset_t blocked = signals;
  sigaddset(&blocked, SIGPIPE);
  if (const int error = pthread_sigmask(SIG_BLOCK, &blocked, nullptr); error != 0) {
    return util::ErrnoStatus(error, "block signals");
  }
  util::UniqueFd fd(signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!fd) return util::ErrnoStatus("open a descriptor for signals");
  return Signals(std::move(fd));
}

absl::StatusOr<std::optional<int>> Signals::Wait(absl::Duration timeout) {
  pollfd waiting{.fd = fd_.get(), .events = POLLIN, .revents = 0};
  timespec limit = absl::ToTimespec(std::clamp(timeout, absl::ZeroDuration(), absl::Hours(1)));
  if (ppoll(&waiting, 1, &limit, nullptr) < 0 && errno != EINTR) return util::ErrnoStatus("wait for a signal");
  signalfd_siginfo info{};
  const ssize_t bytes = read(fd_.get(), &info, sizeof info);
  if (bytes == sizeof info) return static_cast<int>(info.ssi_signo);
  if (bytes < 0 && errno != EAGAIN && errno != EINTR) return util::ErrnoStatus("read a signal");
  return std::nullopt;
}

}  // namespace reeve

#include "daemon/liveness.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "util/errno.h"
#include "util/fd.h"

namespace reeve {

absl::Status CheckLiveness(const std::string& socket_path, absl::Duration timeout) {
  sockaddr_un address{.sun_family = AF_UNIX, .sun_path = {}};
  if (socket_path.size() >= sizeof address.sun_path) {
    return absl::InvalidArgumentError(absl::StrCat("socket path ", socket_path, " is too long"));
  }
  memcpy(address.sun_path, socket_path.data(), socket_path.size());
  const util::UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return util::ErrnoStatus("make a socket");
  // On a Unix socket this succeeds or fails at once: EAGAIN says that the queue of connections not yet accepted is
  // full.
  if (connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return util::ErrnoStatus(absl::StrCat("connect to ", socket_path));
  }
  pollfd waiting{.fd = socket.get(), .events = POLLIN, .revents = 0};
  const timespec limit = absl::ToTimespec(timeout);
  const int ready = ppoll(&waiting, 1, &limit, nullptr);
  if (ready < 0) return util::ErrnoStatus(absl::StrCat("wait for an answer on ", socket_path));
  if (ready == 0) {
    return absl::DeadlineExceededError(
        absl::StrCat("no answer on ", socket_path, " within ", absl::FormatDuration(timeout)));
  }
  return absl::OkStatus();
}

}  // namespace reeve

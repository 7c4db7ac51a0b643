#include "daemon/listen_fds.h"

#include <sys/socket.h>
#include <systemd/sd-daemon.h>

#include <cstdlib>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "util/errno.h"
#include "util/log.h"

namespace reeve {

absl::StatusOr<std::vector<PassedSocket>> TakePassedSockets() {
  char** raw_names = nullptr;
  const int count = sd_listen_fds_with_names(/*unset_environment=*/1, &raw_names);
  if (count < 0) return util::ErrnoStatus(-count, "take the sockets of LISTEN_FDS");
  std::vector<std::string> names;
  for (int i = 0; raw_names != nullptr && i < count && raw_names[i] != nullptr; ++i) {
    names.emplace_back(raw_names[i]);
    free(raw_names[i]);
  }
  free(raw_names);

  std::vector<PassedSocket> sockets;
  for (int i = 0; i < count; ++i) sockets.push_back({util::UniqueFd(SD_LISTEN_FDS_START + i)});
  for (int i = 0; i < count; ++i) {
    // Without LISTEN_FDNAMES every name is "unknown" (sd_listen_fds_with_names(3)).
    const std::string name = i < static_cast<int>(names.size()) ? names[i] : "unknown";
    const std::string which =
        absl::StrCat("socket ", i, " of LISTEN_FDS (\"", util::EscapeControlCharacters(name), "\")");
    if (name != "reeve" && name != "reeve-ro" && name != "reeve-tls") {
      return absl::InvalidArgumentError(absl::StrCat(which, ": its name must be reeve, reeve-ro or reeve-tls"));
    }
    sockets[i].read_only = name == "reeve-ro";
    sockets[i].tls = name == "reeve-tls";
    const int fd = sockets[i].socket.get();
    const int matches = sockets[i].tls ? sd_is_socket_inet(fd, AF_UNSPEC, SOCK_STREAM, /*listening=*/1, /*port=*/0)
                                       : sd_is_socket(fd, AF_UNIX, SOCK_STREAM, /*listening=*/1);
    if (matches < 0) return util::ErrnoStatus(-matches, which);
    if (matches == 0) {
      return absl::InvalidArgumentError(
          absl::StrCat(which, ": is not a listening ", sockets[i].tls ? "TCP" : "Unix stream", " socket"));
    }
  }
  return sockets;
}

}  // namespace reeve

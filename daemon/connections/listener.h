// Sockets that clients connect to.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "util/fd.h"

namespace reeve::connections {

// A listening Unix stream socket, non-blocking and close-on-exec. One that was made here removes its path when it is
// destroyed, unless another socket has taken its place. Move-only; not thread-safe.
class Listener {
 public:
  struct Options {
    std::string path;        // absolute, at most 106 bytes (unix(7)); its directory must exist
    mode_t mode = 0660;      // of the socket: who may connect
    std::string group;       // name of the socket's group; empty: the daemon's own
    bool read_only = false;  // of its connections
    int backlog = 1024;      // capped by net.core.somaxconn
  };

  // Makes the socket. It stands at its path only when it is ready, with its mode and group. A socket left there by a
  // dead daemon is replaced; one that somebody listens on, and anything that is not a socket, is an error.
  static absl::StatusOr<Listener> Create(const Options& options);
  // Takes a socket that systemd has made (sd_listen_fds(3)); refused unless it is a listening Unix stream socket. Its
  // path is systemd's to remove.
  static absl::StatusOr<Listener> Adopt(util::UniqueFd socket, bool read_only);

  Listener(Listener&& other) noexcept;
  Listener& operator=(Listener&& other) noexcept;
  ~Listener();

  int fd() const { return socket_.get(); }
  bool read_only() const { return read_only_; }
  // Where it is bound; empty for a socket without a name.
  const std::string& path() const { return path_; }

 private:
  Listener(util::UniqueFd socket, std::string path, bool read_only, bool remove, dev_t device, ino_t inode);
  void RemovePath();

  util::UniqueFd socket_;
  std::string path_;
  bool read_only_ = false;
  bool remove_ = false;
  dev_t device_ = 0;  // of the path, to know it again
  ino_t inode_ = 0;
};

}  // namespace reeve::connections

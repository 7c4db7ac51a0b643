// TCP sockets that clients connect to.
#pragma once

#include <sys/socket.h>

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "util/fd.h"

namespace reeve::connections {

// An address to listen on, checked: "192.0.2.1:16520", "[2001:db8::1]:16520", "[::]:16520" for every address of both
// families. Names are not looked up. INVALID_ARGUMENT says what is wrong.
absl::Status CheckTcpAddress(absl::string_view address);

// "192.0.2.1:4711"; an IPv4 address that came in by an IPv6 socket is written as IPv4.
std::string TcpAddressText(const sockaddr_storage& address);

// A listening TCP socket, non-blocking and close-on-exec. Move-only; not thread-safe.
class TcpListener {
 public:
  static absl::StatusOr<TcpListener> Create(const std::string& address, int backlog = 1024);
  // Takes a socket that systemd has made (sd_listen_fds(3)); refused unless it is a listening TCP socket.
  static absl::StatusOr<TcpListener> Adopt(util::UniqueFd socket);

  // The next client, non-blocking, close-on-exec, without Nagle's delay and with probes for a host that has gone; its
  // address in `address`. The error is errno's, UNAVAILABLE (EAGAIN) when there is none.
  absl::StatusOr<util::UniqueFd> Accept(std::string* address);

  int fd() const { return socket_.get(); }
  // Where it is bound, with the port that the kernel chose for port 0.
  const std::string& address() const { return address_; }

 private:
  TcpListener(util::UniqueFd socket, std::string address) : socket_(std::move(socket)), address_(std::move(address)) {}

  util::UniqueFd socket_;
  std::string address_;
};

}  // namespace reeve::connections

#include "client/tcp_connect.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "util/errno.h"

namespace reeve::client {
namespace {

struct FreeAddresses {
  void operator()(addrinfo* addresses) const { ::freeaddrinfo(addresses); }
};

absl::StatusOr<util::UniqueFd> ConnectOne(const addrinfo& address, const Patience& patience) {
  util::UniqueFd socket(::socket(address.ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return util::ErrnoStatus("make a socket");
  const int on = 1;
  // Only a matter of speed.
  (void)::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  if (::connect(socket.get(), address.ai_addr, address.ai_addrlen) == 0) return socket;
  if (errno != EINPROGRESS && errno != EINTR) return util::ErrnoStatus("connect");
  if (absl::Status status = AwaitSocket(socket.get(), POLLOUT, patience); !status.ok()) return status;
  int error = 0;
  socklen_t length = sizeof(error);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ERROR, &error, &length) != 0) return util::ErrnoStatus("connect");
  if (error != 0) return util::ErrnoStatus(error, "connect");
  return socket;
}

}  // namespace

absl::Status AwaitSocket(int socket, short events, const Patience& patience) {
  pollfd polled[2] = {{socket, events, 0}, {patience.interrupt_fd, POLLIN, 0}};
  while (true) {
    const int64_t left = absl::ToInt64Milliseconds(patience.deadline - absl::Now());
    if (left < 0) return absl::DeadlineExceededError("no answer in time");
    const int count =
        ::poll(polled, patience.interrupt_fd < 0 ? 1 : 2, static_cast<int>(std::min<int64_t>(left + 1, 60'000)));
    if (count > 0 && patience.interrupt_fd >= 0 && polled[1].revents != 0) return absl::CancelledError("interrupted");
    if (count > 0) return absl::OkStatus();
  }
}

absl::StatusOr<util::UniqueFd> ConnectTcp(const std::string& host, uint16_t port, const Patience& patience) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG | AI_NUMERICSERV;
  addrinfo* raw = nullptr;
  int error = ::getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &raw);
  if (error == EAI_NONAME || error == EAI_ADDRFAMILY) {
    // On a host with nothing but a loopback device AI_ADDRCONFIG hides even that.
    hints.ai_flags = AI_NUMERICSERV;
    error = ::getaddrinfo(host.c_str(), absl::StrCat(port).c_str(), &hints, &raw);
  }
  if (error != 0) {
    return absl::UnavailableError(absl::StrCat("cannot find the host ", host, ": ", ::gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, FreeAddresses> addresses(raw);
  int left = 0;
  for (const addrinfo* address = raw; address != nullptr; address = address->ai_next) ++left;
  absl::Status last = absl::UnavailableError("it has no address");
  for (const addrinfo* address = raw; address != nullptr; address = address->ai_next, --left) {
    const absl::Time now = absl::Now();
    const Patience part{now + (patience.deadline - now) / left, patience.interrupt_fd};
    absl::StatusOr<util::UniqueFd> socket = ConnectOne(*address, part);
    if (socket.ok() || absl::IsCancelled(socket.status())) return socket;
    last = socket.status();
  }
  return absl::UnavailableError(absl::StrCat("cannot connect to ", host, " port ", port, ": ", last.message()));
}

}  // namespace reeve::client

#include "daemon/connections/tcp_listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "util/errno.h"

namespace reeve::connections {
namespace {

// A host that vanishes is noticed after about two minutes without traffic, and after one minute with unanswered data.
constexpr int kProbeAfterSeconds = 60;
constexpr int kProbeIntervalSeconds = 15;
constexpr int kProbes = 4;
constexpr int kUnansweredMilliseconds = 60'000;

absl::StatusOr<sockaddr_storage> ParseAddress(absl::string_view text, socklen_t* length) {
  const auto refuse = [text](absl::string_view cause) {
    return absl::InvalidArgumentError(absl::StrCat("\"", text, "\" ", cause));
  };
  const size_t colon = text.rfind(':');
  if (colon == absl::string_view::npos) return refuse("has no port, write \"[::]:16520\"");
  absl::string_view host = text.substr(0, colon);
  const absl::string_view port_text = text.substr(colon + 1);
  uint32_t port = 0;
  if (port_text.empty() || !std::all_of(port_text.begin(), port_text.end(), absl::ascii_isdigit) ||
      !absl::SimpleAtoi(port_text, &port) || port > 65535) {
    return refuse("has no port from 0 to 65535 behind the last colon");
  }
  sockaddr_storage address{};
  if (host.size() > 1 && host.front() == '[' && host.back() == ']') {
    auto* six = reinterpret_cast<sockaddr_in6*>(&address);
    if (::inet_pton(AF_INET6, std::string(host.substr(1, host.size() - 2)).c_str(), &six->sin6_addr) != 1) {
      return refuse("has no IPv6 address between the brackets");
    }
    six->sin6_family = AF_INET6;
    six->sin6_port = htons(static_cast<uint16_t>(port));
    *length = sizeof(sockaddr_in6);
    return address;
  }
  auto* four = reinterpret_cast<sockaddr_in*>(&address);
  if (::inet_pton(AF_INET, std::string(host).c_str(), &four->sin_addr) != 1) {
    return refuse("is neither an IPv4 address with a port nor an IPv6 address in brackets with one");
  }
  four->sin_family = AF_INET;
  four->sin_port = htons(static_cast<uint16_t>(port));
  *length = sizeof(sockaddr_in);
  return address;
}

absl::Status Set(int socket, int level, int option, int value, absl::string_view what) {
  if (::setsockopt(socket, level, option, &value, sizeof(value)) == 0) return absl::OkStatus();
  return util::ErrnoStatus(what);
}

absl::StatusOr<std::string> BoundAddress(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) != 0) {
    return util::ErrnoStatus("read the address of a socket");
  }
  return TcpAddressText(address);
}

}  // namespace

absl::Status CheckTcpAddress(absl::string_view address) {
  socklen_t length = 0;
  return ParseAddress(address, &length).status();
}

std::string TcpAddressText(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.ss_family == AF_INET6) {
    const auto* six = reinterpret_cast<const sockaddr_in6*>(&address);
    const uint16_t port = ntohs(six->sin6_port);
    if (IN6_IS_ADDR_V4MAPPED(&six->sin6_addr)) {
      (void)::inet_ntop(AF_INET, six->sin6_addr.s6_addr + 12, text, sizeof(text));
      return absl::StrCat(text, ":", port);
    }
    (void)::inet_ntop(AF_INET6, &six->sin6_addr, text, sizeof(text));
    return absl::StrCat("[", text, "]:", port);
  }
  const auto* four = reinterpret_cast<const sockaddr_in*>(&address);
  (void)::inet_ntop(AF_INET, &four->sin_addr, text, sizeof(text));
  return absl::StrCat(text, ":", ntohs(four->sin_port));
}

absl::StatusOr<TcpListener> TcpListener::Create(const std::string& address, int backlog) {
  socklen_t length = 0;
  absl::StatusOr<sockaddr_storage> parsed = ParseAddress(address, &length);
  if (!parsed.ok()) return parsed.status();
  const std::string what = absl::StrCat("listen on ", address);
  util::UniqueFd socket(::socket(parsed->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!socket) return util::ErrnoStatus(what);
  absl::Status status = Set(socket.get(), SOL_SOCKET, SO_REUSEADDR, 1, what);
  // One socket for both families, whatever net.ipv6.bindv6only says.
  if (parsed->ss_family == AF_INET6) status.Update(Set(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, 0, what));
  if (!status.ok()) return status;
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&*parsed), length) != 0 ||
      ::listen(socket.get(), backlog) != 0) {
    return util::ErrnoStatus(what);
  }
  absl::StatusOr<std::string> bound = BoundAddress(socket.get());
  if (!bound.ok()) return bound.status();
  return TcpListener(std::move(socket), *std::move(bound));
}

absl::StatusOr<TcpListener> TcpListener::Adopt(util::UniqueFd socket) {
  int listening = 0;
  int protocol = 0;
  socklen_t length = sizeof(listening);
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_ACCEPTCONN, &listening, &length) != 0 ||
      ::getsockopt(socket.get(), SOL_SOCKET, SO_PROTOCOL, &protocol, &length) != 0) {
    return util::ErrnoStatus("look at the socket that was passed");
  }
  if (listening != 1 || protocol != IPPROTO_TCP) {
    return absl::InvalidArgumentError("the descriptor that was passed is not a listening TCP socket");
  }
  const int flags = ::fcntl(socket.get(), F_GETFL);
  if (flags < 0 || ::fcntl(socket.get(), F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(socket.get(), F_SETFD, FD_CLOEXEC) != 0) {
    return util::ErrnoStatus("prepare the socket that was passed");
  }
  absl::StatusOr<std::string> bound = BoundAddress(socket.get());
  if (!bound.ok()) return bound.status();
  return TcpListener(std::move(socket), *std::move(bound));
}

absl::StatusOr<util::UniqueFd> TcpListener::Accept(std::string* address) {
  sockaddr_storage peer{};
  socklen_t length = sizeof(peer);
  util::UniqueFd socket(
      ::accept4(socket_.get(), reinterpret_cast<sockaddr*>(&peer), &length, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket) return util::ErrnoStatus("accept a client");
  *address = TcpAddressText(peer);
  absl::Status status = Set(socket.get(), IPPROTO_TCP, TCP_NODELAY, 1, "TCP_NODELAY");
  status.Update(Set(socket.get(), SOL_SOCKET, SO_KEEPALIVE, 1, "SO_KEEPALIVE"));
  status.Update(Set(socket.get(), IPPROTO_TCP, TCP_KEEPIDLE, kProbeAfterSeconds, "TCP_KEEPIDLE"));
  status.Update(Set(socket.get(), IPPROTO_TCP, TCP_KEEPINTVL, kProbeIntervalSeconds, "TCP_KEEPINTVL"));
  status.Update(Set(socket.get(), IPPROTO_TCP, TCP_KEEPCNT, kProbes, "TCP_KEEPCNT"));
  status.Update(Set(socket.get(), IPPROTO_TCP, TCP_USER_TIMEOUT, kUnansweredMilliseconds, "TCP_USER_TIMEOUT"));
  if (!status.ok()) return status;
  return socket;
}

}  // namespace reeve::connections

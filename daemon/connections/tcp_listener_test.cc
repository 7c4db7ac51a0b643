#include "daemon/connections/tcp_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>

#include <catch2/catch.hpp>

#include "absl/strings/numbers.h"

namespace reeve::connections {
namespace {

uint16_t PortOf(const std::string& address) {
  uint32_t port = 0;
  REQUIRE(absl::SimpleAtoi(address.substr(address.rfind(':') + 1), &port));
  return static_cast<uint16_t>(port);
}

util::UniqueFd ConnectTo(uint16_t port) {
  util::UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(::connect(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0);
  return socket;
}

int Option(int socket, int level, int option) {
  int value = 0;
  socklen_t length = sizeof(value);
  REQUIRE(::getsockopt(socket, level, option, &value, &length) == 0);
  return value;
}

TEST_CASE("addresses are checked") {
  for (const char* address : {"127.0.0.1:0", "0.0.0.0:16520", "[::]:16520", "[::1]:1", "192.0.2.1:65535"}) {
    CHECK(CheckTcpAddress(address).ok());
  }
  for (const char* address :
       {"", ":", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1", "127.0.0.1: 1", "localhost:16520",
        "::1:16520", "[::1]", "[::1:16520", "[]:1", "[127.0.0.1]:1", "1.2.3:4"}) {
    CAPTURE(address);
    CHECK_FALSE(CheckTcpAddress(address).ok());
  }
}

TEST_CASE("a client is accepted with its address and its options") {
  auto listener = TcpListener::Create("127.0.0.1:0");
  REQUIRE(listener.ok());
  std::string address;
  CHECK(absl::IsUnavailable(listener->Accept(&address).status()));
  const util::UniqueFd client = ConnectTo(PortOf(listener->address()));
  const auto accepted = listener->Accept(&address);
  REQUIRE(accepted.ok());
  CHECK(address.rfind("127.0.0.1:", 0) == 0);
  CHECK(Option(accepted->get(), IPPROTO_TCP, TCP_NODELAY) != 0);
  CHECK(Option(accepted->get(), SOL_SOCKET, SO_KEEPALIVE) != 0);
}

TEST_CASE("a port that is taken is refused, one that was just left is not") {
  auto listener = TcpListener::Create("127.0.0.1:0");
  REQUIRE(listener.ok());
  const std::string address = listener->address();
  CHECK(TcpListener::Create(address).status().message() == "listen on " + address + ": Address already in use");
  std::string peer;
  const util::UniqueFd client = ConnectTo(PortOf(address));
  { const auto accepted = listener->Accept(&peer); }
  listener = absl::CancelledError();
  CHECK(TcpListener::Create(address).ok());
}

TEST_CASE("an IPv4 client of an IPv6 socket is written as IPv4") {
  auto listener = TcpListener::Create("[::]:0");
  if (absl::IsUnavailable(listener.status()) || !listener.ok()) {
    WARN("no IPv6 here: " << listener.status().message());
    return;
  }
  const util::UniqueFd client = ConnectTo(PortOf(listener->address()));
  std::string address;
  REQUIRE(listener->Accept(&address).ok());
  CHECK(address.rfind("127.0.0.1:", 0) == 0);
}

TEST_CASE("only a listening TCP socket is adopted") {
  util::UniqueFd idle(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK_FALSE(TcpListener::Adopt(std::move(idle)).ok());
  util::UniqueFd local(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  CHECK_FALSE(TcpListener::Adopt(std::move(local)).ok());
  util::UniqueFd socket(::socket(AF_INET, SOCK_STREAM, 0));
  REQUIRE(::listen(socket.get(), 5) == 0);
  const auto listener = TcpListener::Adopt(std::move(socket));
  REQUIRE(listener.ok());
  CHECK(listener->address().rfind("0.0.0.0:", 0) == 0);
}

}  // namespace
}  // namespace reeve::connections

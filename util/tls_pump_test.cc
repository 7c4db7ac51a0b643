#include "util/tls_pump.h"

#include <fcntl.h>
#include <openssl/x509.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <catch2/catch.hpp>
#include <string>
#include <utility>

namespace reeve::util {
namespace {

std::pair<UniqueFd, UniqueFd> Pair() {
  int ends[2];
  REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
  return {UniqueFd(ends[0]), UniqueFd(ends[1])};
}

// A certificate that nobody looks at.
void UseOwn(SSL_CTX* context) {
  const UniqueKey key(EVP_EC_gen("P-256"));
  const UniqueCertificate certificate(X509_new());
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  REQUIRE(X509_set_pubkey(certificate.get(), key.get()) == 1);
  REQUIRE(X509_sign(certificate.get(), key.get(), EVP_sha256()) > 0);
  REQUIRE(SSL_CTX_use_certificate(context, certificate.get()) == 1);
  REQUIRE(SSL_CTX_use_PrivateKey(context, key.get()) == 1);
}

// Two pumps whose network sides are joined: what goes in at one plain end comes out at the other.
struct Tunnel {
  Tunnel() {
    const UniqueSslContext server_context(SSL_CTX_new(TLS_server_method()));
    const UniqueSslContext client_context(SSL_CTX_new(TLS_client_method()));
    UseOwn(server_context.get());
    for (SSL_CTX* context : {server_context.get(), client_context.get()}) {
      SSL_CTX_set_mode(context,
                       SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    }
    auto [server_network, client_network] = Pair();
    UniqueSsl server(SSL_new(server_context.get()));
    UniqueSsl client(SSL_new(client_context.get()));
    SSL_set_fd(server.get(), server_network.get());
    SSL_set_fd(client.get(), client_network.get());
    SSL_set_accept_state(server.get());
    SSL_set_connect_state(client.get());
    int done = 0;
    for (int i = 0; i < 20 && done != 2; ++i) {
      done = (SSL_do_handshake(client.get()) == 1 ? 1 : 0) + (SSL_do_handshake(server.get()) == 1 ? 1 : 0);
    }
    REQUIRE(done == 2);
    auto [near_inner, near_outer] = Pair();
    auto [far_inner, far_outer] = Pair();
    near_pump = std::make_unique<TlsPump>(std::move(client), std::move(client_network), std::move(near_inner));
    far_pump = std::make_unique<TlsPump>(std::move(server), std::move(server_network), std::move(far_inner));
    near = std::move(near_outer);
    far = std::move(far_outer);
  }

  TlsPump::State Near() { return near_pump->Continue(&scratch); }
  TlsPump::State Far() { return far_pump->Continue(&scratch); }

  TlsScratch scratch;
  std::unique_ptr<TlsPump> near_pump, far_pump;
  UniqueFd near, far;
};

// What can be written or read without waiting.
size_t Fill(int fd, size_t limit) {
  const std::string bytes(64 << 10, 'x');
  size_t total = 0;
  while (total < limit) {
    const ssize_t size = ::send(fd, bytes.data(), std::min(bytes.size(), limit - total), MSG_NOSIGNAL);
    if (size <= 0) break;
    total += static_cast<size_t>(size);
  }
  return total;
}

std::string Drain(int fd, bool* end = nullptr) {
  std::string result;
  char bytes[65536];
  ssize_t size = 0;
  while ((size = ::recv(fd, bytes, sizeof(bytes), 0)) > 0) result.append(bytes, static_cast<size_t>(size));
  if (end != nullptr) *end = size == 0;
  return result;
}

TEST_CASE("bytes pass both ways, whole and in order") {
  Tunnel tunnel;
  std::string sent;
  for (int i = 0; i < 100'000; ++i) sent += static_cast<char>(i * 7 + i / 256);
  std::string received;
  size_t at = 0;
  while (received.size() < sent.size()) {
    const ssize_t size = ::send(tunnel.near.get(), sent.data() + at, sent.size() - at, MSG_NOSIGNAL);
    if (size > 0) at += static_cast<size_t>(size);
    tunnel.Near();
    tunnel.Far();
    received += Drain(tunnel.far.get());
  }
  CHECK(received == sent);
  REQUIRE(::send(tunnel.far.get(), "back", 4, 0) == 4);
  tunnel.Far();
  tunnel.Near();
  CHECK(Drain(tunnel.near.get()) == "back");
}

TEST_CASE("a side that does not read holds the other back, and loses nothing") {
  Tunnel tunnel;
  constexpr size_t kMuch = 64 << 20;
  size_t sent = 0;
  for (size_t before = 1; sent != before;) {
    before = sent;
    sent += Fill(tunnel.near.get(), kMuch - sent);
    tunnel.Near();
    tunnel.Far();
  }
  CHECK(sent < (4 << 20));
  size_t received = 0;
  while (received < sent) {
    received += Drain(tunnel.far.get()).size();
    tunnel.Near();
    tunnel.Far();
  }
  CHECK(received == sent);
}

TEST_CASE("a budget is kept to, and the rest comes later") {
  Tunnel tunnel;
  const size_t sent = Fill(tunnel.near.get(), 150'000);
  CHECK(tunnel.near_pump->Continue(&tunnel.scratch, 64 << 10) == TlsPump::State::kMore);
  size_t received = 0;
  for (int i = 0; i < 10 && received < sent; ++i) {
    tunnel.near_pump->Continue(&tunnel.scratch, 64 << 10);
    tunnel.Far();
    received += Drain(tunnel.far.get()).size();
  }
  CHECK(received == sent);
}

TEST_CASE("the end comes behind the last bytes, and ends both") {
  Tunnel tunnel;
  REQUIRE(::send(tunnel.near.get(), "last", 4, 0) == 4);
  tunnel.near.Reset();
  CHECK(tunnel.Near() == TlsPump::State::kEnded);
  CHECK(tunnel.near_pump->error().empty());
  CHECK(tunnel.Far() == TlsPump::State::kWaiting);
  bool end = false;
  CHECK(Drain(tunnel.far.get(), &end) == "last");
  CHECK(end);
  tunnel.far.Reset();
  CHECK(tunnel.Far() == TlsPump::State::kEnded);
}

TEST_CASE("an event moves the way it is of, and an end that comes with it is seen") {
  Tunnel tunnel;
  REQUIRE(::send(tunnel.near.get(), "there", 5, 0) == 5);
  REQUIRE(::send(tunnel.far.get(), "back", 4, 0) == 4);
  CHECK(tunnel.near_pump->OnPlain(EPOLLIN, &tunnel.scratch) == TlsPump::State::kWaiting);
  CHECK(tunnel.far_pump->OnNetwork(EPOLLIN, &tunnel.scratch) == TlsPump::State::kWaiting);
  CHECK(Drain(tunnel.far.get()) == "there");
  CHECK(tunnel.near_pump->OnNetwork(EPOLLIN, &tunnel.scratch) == TlsPump::State::kWaiting);
  CHECK(Drain(tunnel.near.get()).empty());  // nothing was said of the far plain side

  CHECK(tunnel.far_pump->OnPlain(EPOLLIN, &tunnel.scratch) == TlsPump::State::kWaiting);
  REQUIRE(::send(tunnel.far.get(), ", end", 5, 0) == 5);
  tunnel.far.Reset();
  CHECK(tunnel.far_pump->OnPlain(EPOLLIN | EPOLLRDHUP, &tunnel.scratch) == TlsPump::State::kEnded);
  tunnel.near_pump->OnNetwork(EPOLLIN | EPOLLRDHUP, &tunnel.scratch);
  bool end = false;
  CHECK(Drain(tunnel.near.get(), &end) == "back, end");
  CHECK(end);
}

TEST_CASE("the end comes behind what the reader has not taken yet") {
  Tunnel tunnel;
  size_t sent = 0;
  for (size_t before = 1; sent != before;) {
    before = sent;
    sent += Fill(tunnel.near.get(), 64 << 20);
    tunnel.Near();
    tunnel.Far();
  }
  tunnel.near.Reset();
  CHECK(tunnel.far_pump->plain_blocked());
  size_t received = 0;
  bool end = false;
  for (int i = 0; i < 10'000 && !end; ++i) {
    received += Drain(tunnel.far.get(), &end).size();
    tunnel.Near();
    tunnel.far_pump->OnPlain(EPOLLOUT, &tunnel.scratch);
    tunnel.far_pump->OnNetwork(EPOLLIN | EPOLLRDHUP, &tunnel.scratch);
  }
  CHECK(end);
  CHECK(received == sent);
  CHECK(tunnel.far_pump->error().empty());
}

TEST_CASE("a network that breaks ends it with a reason, behind what it brought") {
  Tunnel tunnel;
  REQUIRE(::send(tunnel.near.get(), "last", 4, 0) == 4);
  tunnel.Near();
  tunnel.near_pump.reset();  // without a close of TLS
  tunnel.far_pump->OnNetwork(EPOLLIN | EPOLLRDHUP, &tunnel.scratch);
  bool end = false;
  CHECK(Drain(tunnel.far.get(), &end) == "last");
  CHECK(end);
  CHECK_FALSE(tunnel.far_pump->error().empty());
}

TEST_CASE("bytes that are not TLS end it with a reason") {
  Tunnel tunnel;
  UniqueFd network = tunnel.near_pump->TakeNetwork();
  REQUIRE(::send(network.get(), "GET / HTTP/1.1\r\n\r\n", 18, 0) == 18);
  tunnel.Far();
  CHECK_FALSE(tunnel.far_pump->error().empty());
  bool end = false;
  CHECK(Drain(tunnel.far.get(), &end).empty());
  CHECK(end);
}

}  // namespace
}  // namespace reeve::util

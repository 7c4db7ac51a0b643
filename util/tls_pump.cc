#include "util/tls_pump.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "util/errno.h"

namespace reeve::util {

TlsPump::TlsPump(UniqueSsl ssl, UniqueFd network, UniqueFd plain)
    : ssl_(std::move(ssl)), network_(std::move(network)), plain_(std::move(plain)) {
  // A record's head and body in one call of the kernel, and of several small ones all.
  SSL_set_read_ahead(ssl_.get(), 1);
}

TlsPump::State TlsPump::Move(TlsScratch* scratch, size_t budget) {
  const bool more_in = in_open_ && MoveIn(scratch, budget);
  const bool more_out = out_open_ && MoveOut(scratch, budget);
  if (!in_open_ && !out_open_) return State::kEnded;
  return more_in || more_out ? State::kMore : State::kWaiting;
}

bool TlsPump::MoveIn(TlsScratch* scratch, size_t budget) {
  if (!incoming_.empty()) {
    const std::string rest = std::exchange(incoming_, {});
    if (!Deliver(rest.data(), rest.size())) return false;
  }
  size_t moved = 0;
  while (moved < budget) {
    size_t size = 0;
    // Several records are gathered, so that the plain side is written, and woken, once.
    int result = 1;
    while (size < scratch->bytes.size()) {
      size_t got = 0;
      ERR_clear_error();  // SSL_get_error(3) looks at it
      result = SSL_read_ex(ssl_.get(), scratch->bytes.data() + size, scratch->bytes.size() - size, &got);
      if (result != 1) break;
      size += got;
    }
    const int error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
    if (size > 0 && !Deliver(scratch->bytes.data(), size)) return false;
    moved += size;
    if (error == SSL_ERROR_NONE) continue;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return false;
    if (error != SSL_ERROR_ZERO_RETURN) Fail(error);
    CloseIn();
    return false;
  }
  return true;
}

bool TlsPump::MoveOut(TlsScratch* scratch, size_t budget) {
  if (!outgoing_.empty()) {
    const std::string rest = std::exchange(outgoing_, {});
    if (!Encrypt(rest.data(), rest.size())) return false;
  }
  size_t moved = 0;
  while (moved < budget) {
    const ssize_t got = ::recv(plain_.get(), scratch->bytes.data(), scratch->bytes.size(), 0);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return false;
    if (got <= 0) {
      CloseOut();
      return false;
    }
    moved += static_cast<size_t>(got);
    if (!Encrypt(scratch->bytes.data(), static_cast<size_t>(got))) return false;
  }
  return true;
}

bool TlsPump::Encrypt(const char* data, size_t size) {
  while (size > 0) {
    size_t written = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), data, size, &written);
    if (result == 1) {
      data += written;
      size -= written;
      continue;
    }
    const int error = SSL_get_error(ssl_.get(), result);
    if (error == SSL_ERROR_WANT_WRITE || error == SSL_ERROR_WANT_READ) {
      outgoing_.assign(data, size);
    } else {
      Fail(error);
      CloseOut();
    }
    return false;
  }
  return true;
}

bool TlsPump::Deliver(const char* data, size_t size) {
  while (size > 0) {
    const ssize_t written = ::send(plain_.get(), data, size, MSG_NOSIGNAL);
    if (written >= 0) {
      data += written;
      size -= static_cast<size_t>(written);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      incoming_.assign(data, size);
    } else {
      // The plain side has gone. What it said before it went is still to be sent.
      in_open_ = false;
    }
    return false;
  }
  return true;
}

void TlsPump::Fail(int error) {
  const int code = errno;
  std::string text = TakeOpensslError();
  if (error == SSL_ERROR_SYSCALL && text.empty()) {
    if (code != 0) text = std::string(ErrnoStatus(code, "the connection broke").message());
  }
  if (error_.empty()) error_ = text;
}

void TlsPump::CloseIn() {
  in_open_ = false;
  // The plain side reads what there is and then the end. HTTP/2 has no use for a half-closed connection, so the other
  // way ends as soon as that side closes.
  (void)::shutdown(plain_.get(), SHUT_WR);
}

void TlsPump::CloseOut() {
  out_open_ = false;
  in_open_ = false;
  ERR_clear_error();
  // Best effort: the peer may be gone.
  (void)SSL_shutdown(ssl_.get());
  ERR_clear_error();
  (void)::shutdown(network_.get(), SHUT_WR);
}

}  // namespace reeve::util

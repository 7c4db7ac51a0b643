#include "util/tls_pump.h"

#include <sys/epoll.h>
#include <sys/socket.h>

#include <cerrno>
#include <utility>

#include "util/errno.h"

namespace reeve::util {
namespace {

// Of answers that TLS itself makes (KeyUpdate, RFC 8446 4.6.3) to a peer that demands them and does not read.
constexpr size_t kMaxOutgoing = 1 << 20;

constexpr uint32_t kEnding = EPOLLRDHUP | EPOLLHUP | EPOLLERR;

bool WouldBlock(int code) {
  return code == EAGAIN || code == EWOULDBLOCK;
}

ssize_t Receive(int fd, char* data, size_t size) {
  ssize_t got = 0;
  do {
    got = ::recv(fd, data, size, 0);
  } while (got < 0 && errno == EINTR);
  return got;
}

// As much as the socket takes; -1 with errno when it is broken.
ssize_t SendSome(int fd, absl::string_view bytes) {
  size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t size = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (size >= 0) {
      sent += static_cast<size_t>(size);
    } else if (WouldBlock(errno)) {
      break;
    } else if (errno != EINTR) {
      return -1;
    }
  }
  return static_cast<ssize_t>(sent);
}

}  // namespace

TlsPump::TlsPump(UniqueSsl ssl, UniqueFd network, UniqueFd plain)
    : network_(std::move(network)), plain_(std::move(plain)), ssl_(std::move(ssl)) {
  // Both ways of an SSL object may share a BIO (SSL_set_bio(3)). Without memory for one there is no connection.
  UniqueBio bio = NewBufferBio(&buffers_);
  if (bio == nullptr) {
    error_ = "no memory";
    in_open_ = out_open_ = false;
    return;
  }
  BIO* const raw = bio.release();
  SSL_set_bio(ssl_.get(), raw, raw);
}

TlsPump::State TlsPump::OnNetwork(uint32_t events, TlsScratch* scratch, size_t budget) {
  const bool more_in = MoveIn((events & kEnding) != 0, scratch, budget);
  // Whatever the event was, it may be the one that this way waits for.
  const bool more_out = !outgoing_.empty() && MoveOut(true, scratch, budget);
  return Done(more_in || more_out);
}

TlsPump::State TlsPump::OnPlain(uint32_t events, TlsScratch* scratch, size_t budget) {
  const bool more_in = plain_blocked() && MoveIn(true, scratch, budget);
  const bool more_out = MoveOut((events & kEnding) != 0, scratch, budget);
  return Done(more_in || more_out);
}

TlsPump::State TlsPump::Continue(TlsScratch* scratch, size_t budget) {
  const bool more_in = MoveIn(true, scratch, budget);
  const bool more_out = MoveOut(true, scratch, budget);
  return Done(more_in || more_out);
}

TlsPump::State TlsPump::Done(bool more) const {
  if (!in_open_ && !out_open_) return State::kEnded;
  return more ? State::kMore : State::kWaiting;
}

bool TlsPump::MoveIn(bool drain, TlsScratch* scratch, size_t budget) {
  if (!in_open_ || DeliverIncoming() == Way::kBlocked) return false;
  // The handshake may have left something.
  if (SSL_has_pending(ssl_.get()) == 1 && Decrypt(scratch) == Way::kBlocked) return false;
  size_t moved = 0;
  while (moved < budget) {
    const ssize_t got = Receive(network_.get(), scratch->cipher.get(), TlsScratch::kBytes);
    if (got < 0 && WouldBlock(errno)) return false;
    if (got < 0) {
      FailSocket(errno);
      CloseIn();
      return false;
    }
    buffers_.in = absl::string_view(scratch->cipher.get(), static_cast<size_t>(got));
    buffers_.in_ended = got == 0;
    moved += static_cast<size_t>(got);
    if (Decrypt(scratch) == Way::kBlocked) return false;
    if (static_cast<size_t>(got) < TlsScratch::kBytes && !drain) return false;
  }
  return true;
}

TlsPump::Way TlsPump::Decrypt(TlsScratch* scratch) {
  scratch->records.clear();
  buffers_.out = &scratch->records;
  int error = SSL_ERROR_NONE;
  while (error == SSL_ERROR_NONE) {
    // Several records are gathered, so that the plain side is written, and woken, once.
    size_t size = 0;
    while (size < TlsScratch::kBytes) {
      size_t got = 0;
      ERR_clear_error();  // SSL_get_error(3) looks at it
      const int result = SSL_read_ex(ssl_.get(), scratch->plain.get() + size, TlsScratch::kBytes - size, &got);
      if (result != 1) {
        error = SSL_get_error(ssl_.get(), result);
        break;
      }
      size += got;
    }
    // All that was received is decrypted, also while the plain side is blocked: scratch is another's next.
    if (size > 0) (void)Deliver(absl::string_view(scratch->plain.get(), size));
  }
  if (error != SSL_ERROR_WANT_READ) {
    if (error != SSL_ERROR_ZERO_RETURN) FailTls(error);
    CloseIn();
  }
  buffers_.out = nullptr;
  buffers_.in = {};
  if (!scratch->records.empty()) (void)SendRecords(scratch);
  return in_open_ && incoming_.empty() ? Way::kOpen : Way::kBlocked;
}

bool TlsPump::MoveOut(bool drain, TlsScratch* scratch, size_t budget) {
  if (!out_open_ || SendOutgoing() == Way::kBlocked) return false;
  size_t moved = 0;
  while (moved < budget) {
    const ssize_t got = Receive(plain_.get(), scratch->plain.get(), TlsScratch::kBytes);
    if (got < 0 && WouldBlock(errno)) return false;
    if (got <= 0) {
      CloseOut(scratch);
      return false;
    }
    moved += static_cast<size_t>(got);
    if (Encrypt(absl::string_view(scratch->plain.get(), static_cast<size_t>(got)), scratch) == Way::kBlocked) {
      return false;
    }
    if (static_cast<size_t>(got) < TlsScratch::kBytes && !drain) return false;
  }
  return true;
}

TlsPump::Way TlsPump::Encrypt(absl::string_view bytes, TlsScratch* scratch) {
  scratch->records.clear();
  buffers_.out = &scratch->records;
  while (!bytes.empty()) {
    size_t written = 0;
    ERR_clear_error();
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &written);
    if (result != 1) {
      FailTls(SSL_get_error(ssl_.get(), result));
      CloseOut(scratch);
      return Way::kBlocked;
    }
    bytes.remove_prefix(written);
  }
  buffers_.out = nullptr;
  return SendRecords(scratch);
}

TlsPump::Way TlsPump::SendRecords(TlsScratch* scratch) {
  if (!outgoing_.empty()) {
    // Only what TLS answers by itself gets here: nothing is read from the plain side while something is left.
    outgoing_ += scratch->records;
    if (outgoing_.size() <= kMaxOutgoing) return Way::kBlocked;
    if (error_.empty()) error_ = "the peer asks for answers and does not read them";
    in_open_ = out_open_ = false;
    return Way::kBlocked;
  }
  const ssize_t sent = SendSome(network_.get(), scratch->records);
  if (sent < 0) {
    FailSocket(errno);
    out_open_ = false;
    CloseIn();
    return Way::kBlocked;
  }
  if (static_cast<size_t>(sent) == scratch->records.size()) return Way::kOpen;
  outgoing_.assign(scratch->records, static_cast<size_t>(sent));
  return Way::kBlocked;
}

TlsPump::Way TlsPump::SendOutgoing() {
  if (outgoing_.empty()) return Way::kOpen;
  const ssize_t sent = SendSome(network_.get(), outgoing_);
  if (sent < 0) {
    FailSocket(errno);
    out_open_ = false;
    CloseIn();
    return Way::kBlocked;
  }
  // A string of its own size is let go of when it is empty: an idle connection shall hold none.
  std::string rest = outgoing_.substr(static_cast<size_t>(sent));
  outgoing_.swap(rest);
  return outgoing_.empty() ? Way::kOpen : Way::kBlocked;
}

TlsPump::Way TlsPump::Deliver(absl::string_view bytes) {
  if (!incoming_.empty()) {
    incoming_.append(bytes.data(), bytes.size());
    return Way::kBlocked;
  }
  const ssize_t sent = SendSome(plain_.get(), bytes);
  if (sent < 0) {
    // The plain side has gone. What it said before it went is still to be sent.
    in_open_ = false;
    return Way::kBlocked;
  }
  bytes.remove_prefix(static_cast<size_t>(sent));
  if (bytes.empty()) return Way::kOpen;
  incoming_.assign(bytes.data(), bytes.size());
  return Way::kBlocked;
}

TlsPump::Way TlsPump::DeliverIncoming() {
  if (incoming_.empty()) return Way::kOpen;
  const std::string rest = std::exchange(incoming_, {});
  if (Deliver(rest) == Way::kBlocked) return Way::kBlocked;
  if (in_ended_) CloseIn();
  return in_open_ ? Way::kOpen : Way::kBlocked;
}

void TlsPump::FailTls(int error) {
  std::string text = TakeOpensslError();
  if (text.empty()) text = error == SSL_ERROR_SYSCALL ? "the connection broke" : absl::StrCat("TLS error ", error);
  if (error_.empty()) error_ = std::move(text);
}

void TlsPump::FailSocket(int code) {
  if (error_.empty()) error_ = std::string(ErrnoStatus(code, "the connection broke").message());
}

void TlsPump::CloseIn() {
  in_ended_ = true;
  if (plain_blocked()) return;
  in_open_ = false;
  // HTTP/2 has no use for a half-closed connection: the other way ends as soon as the plain side closes.
  (void)::shutdown(plain_.get(), SHUT_WR);
}

void TlsPump::CloseOut(TlsScratch* scratch) {
  out_open_ = false;
  in_open_ = false;
  scratch->records.clear();
  buffers_.out = &scratch->records;
  ERR_clear_error();
  // Best effort: the peer may be gone.
  (void)SSL_shutdown(ssl_.get());
  ERR_clear_error();
  buffers_.out = nullptr;
  if (outgoing_.empty()) (void)SendSome(network_.get(), scratch->records);
  (void)::shutdown(network_.get(), SHUT_WR);
}

}  // namespace reeve::util

#include "daemon/connections/tls_handshakes.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "util/errno.h"
#include "util/log.h"

namespace reeve::connections {
namespace {

// What an event is about; connections have their key, from 1.
constexpr uint64_t kWake = ~uint64_t{0};
constexpr uint64_t kFiles = kWake - 1;
constexpr uint64_t kListener = uint64_t{1} << 63;  // | index

constexpr int kAcceptsPerWakeUp = 16;
constexpr absl::Duration kPause = absl::Milliseconds(50);
// Who has sent nothing for so long since it came may have to make room for others.
constexpr absl::Duration kGrace = absl::Seconds(1);
constexpr int kLooksForRoom = 8;
constexpr absl::Duration kLinger = absl::Seconds(2);
constexpr size_t kLingerBytes = 256 << 10;
// After a change in the files' directories: the writer may be between two files.
constexpr absl::Duration kSettle = absl::Milliseconds(200);
constexpr int kNice = 5;
constexpr int kLinesPerSecond = 50;

absl::Status Watch(int epoll, int fd, uint32_t events, uint64_t key) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = key;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return absl::OkStatus();
  return util::ErrnoStatus("watch a descriptor");
}

// OpenSSL's reason in the words of whoever reads the log.
std::string HandshakeProblem(int error) {
  const unsigned long code = ERR_peek_last_error();
  const int errno_before = errno;
  std::string text = util::TakeOpensslError();
  if (ERR_GET_LIB(code) == ERR_LIB_SSL) {
    switch (ERR_GET_REASON(code)) {
      case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
        return "it shows no certificate, and one is required";
      case SSL_R_UNSUPPORTED_PROTOCOL:
      case SSL_R_WRONG_VERSION_NUMBER:
      case SSL_R_VERSION_TOO_LOW:
        return absl::StrCat("it offers no version of TLS that is allowed here (", text, ")");
      case SSL_R_NO_APPLICATION_PROTOCOL:
        return "it does not offer HTTP/2 (ALPN h2)";
      case SSL_R_HTTP_REQUEST:
        return "it speaks HTTP without TLS";
      default:
        if (ERR_GET_REASON(code) >= SSL_AD_REASON_OFFSET) {
          return absl::StrCat("it refuses us: ", text);
        }
        return text;
    }
  }
  if (!text.empty()) return text;
  if (error == SSL_ERROR_SYSCALL && errno_before != 0) {
    return std::string(util::ErrnoStatus(errno_before, "its connection broke").message());
  }
  return "";
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsHandshakes>> TlsHandshakes::Create(std::vector<TcpListener> listeners,
                                                                     TlsFiles* files, Options options) {
  std::unique_ptr<TlsHandshakes> self(new TlsHandshakes(std::move(listeners), files, std::move(options)));
  self->epoll_ = util::UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  self->wake_ = util::UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!self->epoll_ || !self->wake_) return util::ErrnoStatus("prepare to accept TLS clients");
  absl::Status status = Watch(self->epoll_.get(), self->wake_.get(), EPOLLIN, kWake);
  status.Update(Watch(self->epoll_.get(), files->watch_fd(), EPOLLIN, kFiles));
  if (!status.ok()) return status;
  return self;
}

void TlsHandshakes::Start() {
  Listen(true);
  // Signals are for the daemon's main thread.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

TlsHandshakes::TlsHandshakes(std::vector<TcpListener> listeners, TlsFiles* files, Options options)
    : listeners_(std::move(listeners)),
      files_(files),
      options_(std::move(options)),
      clock_(options_.clock == nullptr ? &util::Clock::Real() : options_.clock),
      limits_(options_.limits),
      refusals_(clock_, nullptr, kLinesPerSecond) {}

TlsHandshakes::~TlsHandshakes() {
  if (!thread_.joinable()) return;
  stop_ = true;
  // The counter of the eventfd cannot overflow by this, so the write cannot fail (eventfd(2)).
  (void)::eventfd_write(wake_.get(), 1);
  thread_.join();
}

void TlsHandshakes::StopListening() {
  stop_listening_ = true;
  (void)::eventfd_write(wake_.get(), 1);
  if (!thread_.joinable()) return;
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&listening_stopped_));
}

void TlsHandshakes::SetLimits(const HandshakeLimits& limits) {
  const absl::MutexLock lock(&mutex_);
  limits_ = limits;
}

void TlsHandshakes::Linger(util::UniqueFd socket) {
  {
    const absl::MutexLock lock(&mutex_);
    lingering_.push_back(std::move(socket));
  }
  (void)::eventfd_write(wake_.get(), 1);
}

void TlsHandshakes::LogRefusal(absl::string_view address, absl::string_view subject, absl::string_view rule) {
  const absl::MutexLock lock(&mutex_);
  refusals_.Add(absl::StrCat(address, ", ", subject.empty() ? "no certificate" : subject, ": ", rule));
}

void TlsHandshakes::Run() {
  (void)::pthread_setname_np(::pthread_self(), "tls-handshake");
  // Only this thread (setpriority(2), NPTL). It fails for nobody: less priority is always allowed.
  (void)::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), kNice);
  std::array<epoll_event, 64> events;
  while (!stop_) {
    const absl::Duration wait = NextTime() - clock_->Monotonic();
    const int timeout = wait == absl::InfiniteDuration()
                            ? -1
                            : static_cast<int>(std::clamp<int64_t>(absl::ToInt64Milliseconds(wait) + 1, 0, 60'000));
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
    if (count < 0 && errno != EINTR) {
      util::LogError("TLS: wait for clients: ", util::ErrnoStatus("epoll_wait").message());
    }
    if (stop_listening_) CloseListeners();
    for (int i = 0; i < count; ++i) {
      const uint64_t data = events[static_cast<size_t>(i)].data.u64;
      if (data == kWake) {
        eventfd_t value = 0;
        (void)::eventfd_read(wake_.get(), &value);  // only to make it unreadable again
        TakeLingering();
      } else if (data == kFiles) {
        if (files_->TakeChange()) reload_ = clock_->Monotonic() + kSettle;
      } else if ((data & kListener) == 0) {
        Step(data);
      }
    }
    // New ones last: those that are there shall get on.
    for (int i = 0; i < count; ++i) {
      const uint64_t data = events[static_cast<size_t>(i)].data.u64;
      if (data < kFiles && (data & kListener) != 0 && (data & ~kListener) < listeners_.size()) {
        AcceptSome(listeners_[data & ~kListener]);
      }
    }
    KeepTime();
  }
  CloseListeners();
}

absl::Duration TlsHandshakes::NextTime() const {
  absl::Duration next = std::min(listen_again_, reload_);
  if (!deadlines_.empty()) next = std::min(next, deadlines_.begin()->first);
  return next;
}

void TlsHandshakes::KeepTime() {
  const absl::Duration now = clock_->Monotonic();
  if (now >= reload_) {
    reload_ = absl::InfiniteDuration();
    if (files_->ReloadIfChanged() && options_.changed) options_.changed(*files_->context());
  }
  if (now >= listen_again_) {
    listen_again_ = absl::InfiniteDuration();
    Listen(true);
  }
  while (!deadlines_.empty() && now >= deadlines_.begin()->first) {
    const uint64_t key = deadlines_.begin()->second;
    if (const Entry& entry = *entries_.at(key); entry.ssl != nullptr) {
      LogRefusal(entry.address, entry.verdict.subject,
                 absl::StrCat("it has not finished the handshake within ", absl::FormatDuration(now - entry.begun)));
    }
    Drop(key);
  }
}

void TlsHandshakes::Listen(bool wanted) {
  if (wanted == listening_) return;
  listening_ = wanted;
  for (size_t i = 0; i < listeners_.size(); ++i) {
    if (!wanted) {
      // It fails only for a listener that is not watched, which is what is wanted.
      (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listeners_[i].fd(), nullptr);
    } else if (absl::Status status = Watch(epoll_.get(), listeners_[i].fd(), EPOLLIN, kListener | i); !status.ok()) {
      util::LogError("TLS: ", status.message());
    }
  }
}

void TlsHandshakes::AcceptSome(TcpListener& listener) {
  for (int i = 0; i < kAcceptsPerWakeUp; ++i) {
    if (!MakeRoom()) {
      Listen(false);
      listen_again_ = clock_->Monotonic() + kPause;
      return;
    }
    std::string address;
    absl::StatusOr<util::UniqueFd> socket = listener.Accept(&address);
    if (socket.ok()) {
      Begin(*std::move(socket), std::move(address));
      continue;
    }
    if (absl::IsUnavailable(socket.status())) return;
    // One client's trouble (accept(2), error handling).
    if (!absl::IsResourceExhausted(socket.status())) continue;
    // For want of descriptors or memory the client stays in the queue and the listener readable.
    LogRefusal(listener.address(), "", socket.status().message());
    Listen(false);
    listen_again_ = clock_->Monotonic() + kPause;
    return;
  }
}

// The oldest ones that keep silent give way; one whose bytes we have not read yet has done its part.
bool TlsHandshakes::MakeRoom() {
  size_t limit = 0;
  {
    const absl::MutexLock lock(&mutex_);
    limit = limits_.handshakes;
  }
  if (handshakes_ < limit) return true;
  const absl::Duration now = clock_->Monotonic();
  int looks = 0;
  for (const auto& [key, entry] : entries_) {
    if (entry->ssl == nullptr) continue;
    if (now - entry->begun < kGrace || ++looks > kLooksForRoom) return false;
    char byte = 0;
    if (::recv(entry->socket.get(), &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 1) continue;
    LogRefusal(entry->address, entry->verdict.subject,
               absl::StrCat("it makes room for others: ", handshakes_, " handshakes are under way"));
    Drop(key);
    return true;
  }
  return false;
}

void TlsHandshakes::Begin(util::UniqueFd socket, std::string address) {
  if (options_.room && !options_.room()) return LogRefusal(address, "", "there are too many clients");
  auto entry = std::make_unique<Entry>();
  entry->key = ++last_key_;
  entry->socket = std::move(socket);
  entry->address = std::move(address);
  entry->context = files_->context();
  entry->begun = clock_->Monotonic();
  {
    const absl::MutexLock lock(&mutex_);
    entry->deadline = entry->begun + limits_.time;
  }
  auto ssl = entry->context->NewConnection(entry->socket.get(), certificate_required_, &entry->verdict);
  absl::Status status = ssl.status();
  status.Update(Watch(epoll_.get(), entry->socket.get(), EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, entry->key));
  if (!status.ok()) return LogRefusal(entry->address, "", status.message());
  entry->ssl = *std::move(ssl);
  deadlines_.emplace(entry->deadline, entry->key);
  ++handshakes_;
  // The first event comes at once: the socket is writable.
  entries_.emplace(entry->key, std::move(entry));
}

void TlsHandshakes::Step(uint64_t key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  Entry* entry = found->second.get();
  if (entry->ssl == nullptr) return Discard(entry);
  ERR_clear_error();
  errno = 0;
  const int result = SSL_accept(entry->ssl.get());
  if (result == 1) return Finish(entry);
  const int error = SSL_get_error(entry->ssl.get(), result);
  if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) Refuse(entry, error);
}

void TlsHandshakes::Finish(Entry* entry) {
  // A denied client whose alert could not be sent with a ticket: it gets none.
  if (!entry->verdict.rule.empty()) return Refuse(entry, SSL_ERROR_NONE);
  SSL_set_app_data(entry->ssl.get(), nullptr);  // the verdict ends here
  Client client{.ssl = std::move(entry->ssl), .socket = std::move(entry->socket), .address = entry->address};
  --handshakes_;
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, client.socket.get(), nullptr);
  Drop(entry->key);
  options_.established(std::move(client));
}

void TlsHandshakes::Refuse(Entry* entry, int error) {
  std::string rule = entry->verdict.rule;
  if (rule.empty()) rule = HandshakeProblem(error);
  ERR_clear_error();
  if (rule.empty()) {
    // Somebody who connects and leaves again, as a port scanner does, is not worth a line.
    util::LogDebug("TLS: ", entry->address, " left during the handshake");
  } else {
    LogRefusal(entry->address, entry->verdict.subject, rule);
  }
  StartLingering(entry);
}

void TlsHandshakes::StartLingering(Entry* entry) {
  if (entry->ssl != nullptr) --handshakes_;
  entry->ssl.reset();
  entry->context.reset();
  (void)::shutdown(entry->socket.get(), SHUT_WR);
  deadlines_.erase({entry->deadline, entry->key});
  entry->deadline = clock_->Monotonic() + kLinger;
  deadlines_.emplace(entry->deadline, entry->key);
  Discard(entry);
}

void TlsHandshakes::Discard(Entry* entry) {
  std::array<char, 4096> bytes;
  while (entry->discarded < kLingerBytes) {
    const ssize_t got = ::recv(entry->socket.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (got <= 0) break;
    entry->discarded += static_cast<size_t>(got);
  }
  Drop(entry->key);
}

void TlsHandshakes::TakeLingering() {
  std::vector<util::UniqueFd> sockets;
  {
    const absl::MutexLock lock(&mutex_);
    sockets.swap(lingering_);
  }
  for (util::UniqueFd& socket : sockets) {
    auto entry = std::make_unique<Entry>();
    entry->key = ++last_key_;
    entry->socket = std::move(socket);
    // Closed at once if it cannot be watched.
    if (!Watch(epoll_.get(), entry->socket.get(), EPOLLIN | EPOLLRDHUP | EPOLLET, entry->key).ok()) continue;
    Entry* raw = entry.get();
    entries_.emplace(raw->key, std::move(entry));
    StartLingering(raw);
  }
}

void TlsHandshakes::Drop(uint64_t key) {
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;
  if (found->second->ssl != nullptr) --handshakes_;
  deadlines_.erase({found->second->deadline, key});
  entries_.erase(found);
}

void TlsHandshakes::CloseListeners() {
  listeners_.clear();
  listening_ = true;  // there is nothing to listen on again
  std::vector<uint64_t> handshakes;
  for (const auto& [key, entry] : entries_) {
    if (entry->ssl != nullptr) handshakes.push_back(key);
  }
  for (const uint64_t key : handshakes) Drop(key);
  const absl::MutexLock lock(&mutex_);
  listening_stopped_ = true;
}

}  // namespace reeve::connections

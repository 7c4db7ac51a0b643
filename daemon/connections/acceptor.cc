#include "daemon/connections/acceptor.h"

#include <fcntl.h>
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

// What an event is about; connections have their number.
constexpr uint64_t kWake = ~uint64_t{0};
constexpr uint64_t kListener = uint64_t{1} << 63;  // | index

// An unbounded accept loop would starve the hang-ups.
constexpr int kAcceptsPerWakeUp = 16;
constexpr uint32_t kPlacesForRoot = 16;
// Descriptors that the rest of the daemon needs: store, logs, supervisors' sockets.
constexpr uint64_t kOtherDescriptors = 256;
constexpr int kFirstDescriptor = 64;
constexpr absl::Duration kPause = absl::Milliseconds(100);

absl::Status Watch(int epoll, int fd, uint32_t events, uint64_t data) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = data;
  return ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0 ? absl::OkStatus()
                                                            : util::ErrnoStatus("watch a descriptor");
}

util::UniqueFd OpenReserve() {
  return util::UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

absl::StatusOr<std::unique_ptr<Acceptor>> Acceptor::Start(std::vector<Listener> listeners, Table* table,
                                                          HandOver hand_over, const Options& options) {
  if (listeners.empty()) return absl::InvalidArgumentError("there is no socket to listen on");
  if (options.limits.max_clients < 1 || options.limits.max_clients > 100000 ||
      options.limits.max_clients_per_user < 1) {
    return absl::InvalidArgumentError("max_clients must be 1 to 100000, and max_clients_per_user at least 1");
  }
  std::unique_ptr<Acceptor> acceptor(new Acceptor(std::move(listeners), table, std::move(hand_over), options));
  rlimit files{};
  if (::getrlimit(RLIMIT_NOFILE, &files) != 0) return util::ErrnoStatus("read the limit of open files");
  const uint64_t places = files.rlim_cur > kOtherDescriptors + 2 ? (files.rlim_cur - kOtherDescriptors) / 2 : 1;
  acceptor->places_ = static_cast<uint32_t>(std::min<uint64_t>(places, UINT32_MAX));
  acceptor->SetLimits(options.limits);
  // Numbers go round in a range that is wide, so that none comes back soon, but does not make tables large.
  {
    const absl::MutexLock lock(&acceptor->entering_);
    acceptor->next_descriptor_ = kFirstDescriptor;
  }
  acceptor->descriptor_end_ = static_cast<int>(std::min<uint64_t>(
      files.rlim_cur, kFirstDescriptor + std::max<uint64_t>(4096, uint64_t{4} * acceptor->max_clients_)));
  acceptor->places_ = std::min<uint32_t>(acceptor->places_, (acceptor->descriptor_end_ - kFirstDescriptor) / 2);

  acceptor->epoll_ = util::UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  acceptor->wake_ = util::UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  acceptor->reserve_ = OpenReserve();
  if (!acceptor->epoll_ || !acceptor->wake_ || !acceptor->reserve_)
    return util::ErrnoStatus("prepare to accept clients");
  if (absl::Status status = Watch(acceptor->epoll_.get(), acceptor->wake_.get(), EPOLLIN, kWake); !status.ok()) {
    return status;
  }
  for (size_t i = 0; i < acceptor->listeners_.size(); ++i) {
    absl::Status status = Watch(acceptor->epoll_.get(), acceptor->listeners_[i].fd(), EPOLLIN, kListener | i);
    if (!status.ok()) return status;
  }
  // Signals are for the daemon's main thread.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  acceptor->thread_ = std::thread([self = acceptor.get()] { self->Run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return acceptor;
}

Acceptor::Acceptor(std::vector<Listener> listeners, Table* table, HandOver hand_over, const Options& options)
    : listeners_(std::move(listeners)),
      table_(table),
      hand_over_(std::move(hand_over)),
      max_clients_(options.limits.max_clients),
      max_clients_per_user_(options.limits.max_clients_per_user),
      clock_(options.clock == nullptr ? &util::Clock::Real() : options.clock),
      peers_(options.peers),
      refusals_(clock_) {}

void Acceptor::SetLimits(const ClientLimits& limits) {
  if (places_ < limits.max_clients) {
    util::LogWarn("at most ", places_, " clients instead of ", limits.max_clients, ", for want of descriptors");
  }
  max_clients_ = std::min(limits.max_clients, places_);
  max_clients_per_user_ = limits.max_clients_per_user;
}

Acceptor::~Acceptor() {
  if (!thread_.joinable()) return;
  stop_ = true;
  // The counter of the eventfd cannot overflow by this, so the write cannot fail (eventfd(2)).
  (void)::eventfd_write(wake_.get(), 1);
  thread_.join();
}

void Acceptor::StopListening() {
  stop_listening_ = true;
  (void)::eventfd_write(wake_.get(), 1);
  const absl::MutexLock lock(&mutex_);
  mutex_.Await(absl::Condition(&listening_stopped_));
}

void Acceptor::Run() {
  (void)::pthread_setname_np(::pthread_self(), "acceptor");
  std::array<epoll_event, 64> events;
  while (!stop_) {
    const int timeout = paused_until_ == absl::ZeroDuration() ? -1 : static_cast<int>(kPause / absl::Milliseconds(1));
    const int count = ::epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), timeout);
    if (count < 0 && errno != EINTR) {
      util::LogError("acceptor: wait for clients: ", util::ErrnoStatus("epoll_wait").message());
      Pause();
    }
    if (stop_listening_) CloseListeners();
    // Hang-ups first: they make room.
    for (int i = 0; i < count; ++i) {
      if ((events[static_cast<size_t>(i)].data.u64 & kListener) == 0) {
        // Closing the watch descriptor does not end its registration while gRPC still has its duplicate (epoll(7)): a
        // late event finds no entry, and being edge-triggered does not come again.
        table_->Remove(events[static_cast<size_t>(i)].data.u64);
      }
    }
    for (int i = 0; i < count; ++i) {
      const uint64_t data = events[static_cast<size_t>(i)].data.u64;
      if (data == kWake) {
        eventfd_t value = 0;
        (void)::eventfd_read(wake_.get(), &value);  // only to make it unreadable again
      } else if ((data & kListener) != 0 && (data & ~kListener) < listeners_.size()) {
        AcceptSome(listeners_[data & ~kListener]);
      }
    }
    if (paused_until_ != absl::ZeroDuration() && clock_->Monotonic() >= paused_until_) Resume();
  }
  CloseListeners();
}

void Acceptor::AcceptSome(const Listener& listener) {
  for (int i = 0; i < kAcceptsPerWakeUp; ++i) {
    util::UniqueFd socket(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (socket) {
      AdmitLocal(std::move(socket), listener);
      continue;
    }
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) return;
    if (error == EINTR || error == ECONNABORTED) continue;
    if (error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM) {
      return HandleNoDescriptors(listener, error);
    }
    util::LogError("acceptor: accept a client on ", listener.path(), ": ",
                   util::ErrnoStatus(error, "accept4").message());
    return Pause();
  }
}

void Acceptor::HandleNoDescriptors(const Listener& listener, int error) {
  // The client stays in the queue and the listener readable: without this the loop would spin. The reserve lets it in,
  // so that it can be closed and told so.
  reserve_.Reset();
  util::UniqueFd socket(::accept4(listener.fd(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  const bool refused = static_cast<bool>(socket);
  socket.Reset();
  reserve_ = OpenReserve();
  refusals_.Add(util::ErrnoStatus(error, "no descriptor is left").message());
  if (!refused || !reserve_) Pause();
}

void Acceptor::AdmitLocal(util::UniqueFd socket, const Listener& listener) {
  const size_t clients = table_->size();
  if (clients >= max_clients_) {
    return refusals_.Add(absl::StrCat("there are ", clients, " clients, which is the limit"));
  }
  absl::StatusOr<Peer> peer = peers_.Read(socket.get());
  if (!peer.ok()) return refusals_.Add(peer.status().message());
  absl::Status status = Admit(std::move(socket), *std::move(peer), listener.read_only());
  if (!status.ok()) refusals_.Add(status.message());
}

absl::Status Acceptor::CheckLimits(const Peer& peer) const {
  const size_t clients = table_->size();
  const uint32_t max_clients = max_clients_;
  const uint32_t max_clients_per_user = max_clients_per_user_;
  if (clients >= max_clients) {
    return absl::ResourceExhaustedError(absl::StrCat("there are ", clients, " clients, which is the limit"));
  }
  if (peer.transport == Transport::kUnix && peer.uid == 0) return absl::OkStatus();
  if (clients >= max_clients - std::min(kPlacesForRoot, max_clients / 2)) {
    return absl::ResourceExhaustedError(
        absl::StrCat(peer.identity, ": there are ", clients, " clients; the last places are for root"));
  }
  const std::string who = CountedAs(peer);
  if (table_->CountOfIdentity(who) >= max_clients_per_user) {
    return absl::ResourceExhaustedError(
        absl::StrCat(who, " has ", max_clients_per_user, " clients, which is the limit for one user"));
  }
  return absl::OkStatus();
}

absl::Status Acceptor::Admit(util::UniqueFd socket, Peer peer, bool read_only) {
  const int watch = socket.get();
  util::UniqueFd descriptor;
  std::shared_ptr<Connection> connection;
  {
    const absl::MutexLock lock(&entering_);
    if (absl::Status status = CheckLimits(peer); !status.ok()) return status;
    absl::StatusOr<util::UniqueFd> duplicate = Duplicate(watch);
    if (!duplicate.ok()) {
      return absl::Status(duplicate.status().code(), absl::StrCat(peer.identity, ": ", duplicate.status().message()));
    }
    descriptor = *std::move(duplicate);
    absl::StatusOr<std::shared_ptr<Connection>> added =
        table_->Add(descriptor.get(), std::move(socket), std::move(peer), read_only);
    if (!added.ok()) return added.status();
    connection = *std::move(added);
  }
  const Connection& client = *connection;
  if (client.peer.transport == Transport::kUnix) {
    util::LogDebug("client ", client.number, " connected: ", client.peer.identity, ", pid ", client.peer.pid,
                   " started at ", client.peer.pid_start_time, " (", client.peer.command, ")",
                   client.read_only ? ", read-only" : "");
  } else {
    util::LogDebug("client ", client.number, " connected: ", client.peer.identity, " from ",
                   client.peer.remote_address);
  }
  if (absl::Status status = Watch(epoll_.get(), watch, EPOLLRDHUP | EPOLLET, client.number); !status.ok()) {
    table_->Remove(client.number);
    return status;
  }
  hand_over_(descriptor.Release(), client);
  return absl::OkStatus();
}

absl::StatusOr<util::UniqueFd> Acceptor::Duplicate(int socket) {
  bool wrapped = false;
  while (true) {
    util::UniqueFd descriptor(::fcntl(socket, F_DUPFD_CLOEXEC, next_descriptor_));
    // EINVAL: the limit of open files was lowered below next_descriptor_ (fcntl(2)).
    const bool end = descriptor ? descriptor.get() >= descriptor_end_ : errno == EMFILE || errno == EINVAL;
    if (!end && !descriptor) return util::ErrnoStatus("number the connection");
    if (end) {
      if (wrapped) return absl::ResourceExhaustedError("no descriptor is left");
      wrapped = true;
      next_descriptor_ = kFirstDescriptor;
      continue;
    }
    next_descriptor_ = descriptor.get() + 1;
    // gRPC has closed this number, and the hang-up of its connection has not been seen yet: it must not be taken for
    // it.
    if (table_->HasDescriptor(descriptor.get())) continue;
    return descriptor;
  }
}

void Acceptor::Pause() {
  if (paused_until_ == absl::ZeroDuration()) {
    for (const Listener& listener : listeners_) {
      // It fails only for a listener that is not watched, which is what is wanted.
      (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener.fd(), nullptr);
    }
  }
  paused_until_ = clock_->Monotonic() + kPause;
}

void Acceptor::Resume() {
  paused_until_ = absl::ZeroDuration();
  if (!reserve_) reserve_ = OpenReserve();
  for (size_t i = 0; i < listeners_.size(); ++i) {
    if (absl::Status status = Watch(epoll_.get(), listeners_[i].fd(), EPOLLIN, kListener | i); !status.ok()) {
      util::LogError("acceptor: ", status.message());
    }
  }
}

void Acceptor::CloseListeners() {
  listeners_.clear();
  const absl::MutexLock lock(&mutex_);
  listening_stopped_ = true;
}

}  // namespace reeve::connections

#include "client/tls_link.h"

#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <utility>

#include "util/errno.h"

namespace reeve::client {
namespace {

constexpr uint32_t kReading = EPOLLIN | EPOLLRDHUP | EPOLLET;

// What is watched under which number.
constexpr uint64_t kNetwork = 0;
constexpr uint64_t kPlain = 1;
constexpr uint64_t kStop = 2;

absl::Status Watch(int epoll, int how, int fd, uint32_t events, uint64_t data) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = data;
  if (::epoll_ctl(epoll, how, fd, &event) == 0) return absl::OkStatus();
  return util::ErrnoStatus("watch a TLS connection");
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsLink>> TlsLink::Start(std::unique_ptr<util::TlsPump> pump) {
  util::UniqueFd epoll(::epoll_create1(EPOLL_CLOEXEC));
  util::UniqueFd stop(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!epoll || !stop) return util::ErrnoStatus("prepare a TLS connection");
  absl::Status status = Watch(epoll.get(), EPOLL_CTL_ADD, stop.get(), EPOLLIN, kStop);
  status.Update(Watch(epoll.get(), EPOLL_CTL_ADD, pump->network_fd(), kReading | EPOLLOUT, kNetwork));
  status.Update(Watch(epoll.get(), EPOLL_CTL_ADD, pump->plain_fd(), kReading, kPlain));
  if (!status.ok()) return status;
  std::unique_ptr<TlsLink> link(new TlsLink(std::move(pump), std::move(epoll), std::move(stop)));
  // Signals are for the program's own threads.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  link->thread_ = std::thread([self = link.get()] { self->Run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return link;
}

TlsLink::TlsLink(std::unique_ptr<util::TlsPump> pump, util::UniqueFd epoll, util::UniqueFd stop)
    : pump_(std::move(pump)), epoll_(std::move(epoll)), stop_(std::move(stop)) {}

TlsLink::~TlsLink() {
  (void)::eventfd_write(stop_.get(), 1);
  thread_.join();
}

void TlsLink::Run() {
  using State = util::TlsPump::State;
  State state = pump_->Continue(&scratch_);
  bool plain_watched = false;
  while (state != State::kEnded) {
    if (pump_->plain_blocked() != plain_watched) {
      plain_watched = !plain_watched;
      const uint32_t events = kReading | (plain_watched ? EPOLLOUT : 0u);
      // It fails for want of memory only; then the connection stands still, and is ended.
      if (!Watch(epoll_.get(), EPOLL_CTL_MOD, pump_->plain_fd(), events, kPlain).ok()) break;
    }
    std::array<epoll_event, 4> ready;
    const bool more = state == State::kMore;
    const int count = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()), more ? 0 : -1);
    state = more ? pump_->Continue(&scratch_) : State::kWaiting;
    for (int i = 0; i < count && state != State::kEnded; ++i) {
      const epoll_event& event = ready[static_cast<size_t>(i)];
      if (event.data.u64 == kStop) return;
      const State now = event.data.u64 == kNetwork ? pump_->OnNetwork(event.events, &scratch_)
                                                   : pump_->OnPlain(event.events, &scratch_);
      // That one side has nothing more does not say so of the other.
      if (now != State::kWaiting) state = now;
    }
  }
  // gRPC sees the end at once; the thread goes with the channel.
  pump_.reset();
}

}  // namespace reeve::client

#include "daemon/connections/tls_pumps.h"

#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <array>
#include <cerrno>
#include <utility>

#include "util/errno.h"
#include "util/log.h"

namespace reeve::connections {
namespace {

constexpr uint32_t kReading = EPOLLIN | EPOLLRDHUP | EPOLLET;
// What is watched under which number: the two sides of the connection with key N are 2 N and 2 N + 1.
constexpr uint64_t kWake = 0;
uint64_t NetworkSide(uint64_t key) {
  return 2 * key;
}
uint64_t PlainSide(uint64_t key) {
  return 2 * key + 1;
}

absl::Status Watch(int epoll, int fd, uint32_t events, uint64_t watched) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = watched;
  if (::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0) return absl::OkStatus();
  return util::ErrnoStatus("watch a TLS connection");
}

}  // namespace

absl::StatusOr<std::unique_ptr<TlsPumps>> TlsPumps::Start(Ended ended) {
  std::unique_ptr<TlsPumps> pumps(new TlsPumps(std::move(ended)));
  pumps->epoll_ = util::UniqueFd(::epoll_create1(EPOLL_CLOEXEC));
  pumps->wake_ = util::UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!pumps->epoll_ || !pumps->wake_) return util::ErrnoStatus("prepare to serve TLS");
  if (absl::Status status = Watch(pumps->epoll_.get(), pumps->wake_.get(), EPOLLIN, kWake); !status.ok()) {
    return status;
  }
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  pumps->thread_ = std::thread([self = pumps.get()] { self->Run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return pumps;
}

TlsPumps::~TlsPumps() {
  if (!thread_.joinable()) return;
  {
    const absl::MutexLock lock(&mutex_);
    stop_ = true;
  }
  (void)::eventfd_write(wake_.get(), 1);
  thread_.join();
}

void TlsPumps::Add(std::unique_ptr<util::TlsPump> pump, std::string name) {
  {
    const absl::MutexLock lock(&mutex_);
    added_.push_back({.pump = std::move(pump), .name = std::move(name)});
    ++count_;
  }
  // The counter cannot overflow by this (eventfd(2)).
  (void)::eventfd_write(wake_.get(), 1);
}

void TlsPumps::AwaitEmpty(absl::Duration timeout) {
  const absl::MutexLock lock(&mutex_);
  mutex_.AwaitWithTimeout(absl::Condition(
                              +[](size_t* count) { return *count == 0; }, &count_),
                          timeout);
}

void TlsPumps::Run() {
  (void)::pthread_setname_np(::pthread_self(), "tls");
  std::array<epoll_event, 64> events;
  while (true) {
    const int size = static_cast<int>(events.size());
    const int count = ready_.empty() ? wait_.Wait(epoll_.get(), events.data(), size)
                                     : ::epoll_wait(epoll_.get(), events.data(), size, 0);
    if (count < 0 && errno != EINTR) util::LogError("TLS: ", util::ErrnoStatus("epoll_wait").message());
    const std::vector<uint64_t> ready = std::exchange(ready_, {});
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      if (event.data.u64 != kWake) {
        OnEvent(event.data.u64, event.events);
        continue;
      }
      eventfd_t value = 0;
      (void)::eventfd_read(wake_.get(), &value);  // only to make it unreadable again
      {
        const absl::MutexLock lock(&mutex_);
        if (stop_) return;
      }
      TakeNew();
    }
    for (const uint64_t key : ready) {
      if (const auto found = entries_.find(key); found != entries_.end()) found->second.queued = false;
      Continue(key);
    }
  }
}

void TlsPumps::TakeNew() {
  std::vector<Entry> added;
  {
    const absl::MutexLock lock(&mutex_);
    added.swap(added_);
  }
  for (Entry& entry : added) {
    const uint64_t key = ++last_key_;
    const util::TlsPump& pump = *entry.pump;
    absl::Status status = Watch(epoll_.get(), pump.network_fd(), kReading | EPOLLOUT, NetworkSide(key));
    status.Update(Watch(epoll_.get(), pump.plain_fd(), kReading, PlainSide(key)));
    if (!status.ok()) {
      util::LogError("TLS: ", entry.name, ": ", status.message());
      const absl::MutexLock lock(&mutex_);
      --count_;
      continue;
    }
    entries_.emplace(key, std::move(entry));
    Continue(key);
  }
}

void TlsPumps::WatchPlain(uint64_t key, Entry* entry) {
  entry->plain_watched = entry->pump->plain_blocked();
  epoll_event event{};
  event.events = kReading | (entry->plain_watched ? EPOLLOUT : 0u);
  event.data.u64 = PlainSide(key);
  // It fails for want of memory only; what is ready now is reported now, so no edge is lost.
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, entry->pump->plain_fd(), &event) != 0) {
    util::LogError("TLS: ", entry->name, ": ", util::ErrnoStatus("watch a descriptor").message());
  }
}

void TlsPumps::OnEvent(uint64_t watched, uint32_t events) {
  const uint64_t key = watched / 2;
  const auto found = entries_.find(key);
  if (found == entries_.end()) return;  // a second event of one that has ended
  util::TlsPump& pump = *found->second.pump;
  Settle(found, watched == PlainSide(key) ? pump.OnPlain(events, &scratch_) : pump.OnNetwork(events, &scratch_));
}

void TlsPumps::Continue(uint64_t key) {
  const auto found = entries_.find(key);
  if (found != entries_.end()) Settle(found, found->second.pump->Continue(&scratch_));
}

void TlsPumps::Settle(Entries::iterator found, util::TlsPump::State state) {
  const uint64_t key = found->first;
  Entry& entry = found->second;
  if (entry.pump->plain_blocked() != entry.plain_watched) WatchPlain(key, &entry);
  switch (state) {
    case util::TlsPump::State::kWaiting:
      return;
    case util::TlsPump::State::kMore:
      if (!std::exchange(entry.queued, true)) ready_.push_back(key);
      return;
    case util::TlsPump::State::kEnded:
      break;
  }
  util::LogDebug("TLS: ", entry.name, " has ended",
                 entry.pump->error().empty() ? "" : absl::StrCat(": ", entry.pump->error()));
  util::UniqueFd network = entry.pump->TakeNetwork();
  // Another descriptor of the same socket is watched elsewhere now.
  (void)::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, network.get(), nullptr);
  entries_.erase(found);
  ended_(std::move(network));
  const absl::MutexLock lock(&mutex_);
  --count_;
}

}  // namespace reeve::connections

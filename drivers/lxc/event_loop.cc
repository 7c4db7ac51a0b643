#include "drivers/lxc/event_loop.h"

#include <pthread.h>
#include <sys/eventfd.h>

#include <cerrno>
#include <csignal>

#include "util/errno.h"

namespace reeve::lxc {
namespace {

// The loop whose thread this is.
thread_local const EventLoop* current_loop = nullptr;

}  // namespace

absl::StatusOr<std::unique_ptr<EventLoop>> EventLoop::Create() {
  util::UniqueFd epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return util::ErrnoStatus("make an epoll instance");
  util::UniqueFd wakeup(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!wakeup) return util::ErrnoStatus("make an eventfd");
  epoll_event event = {};
  event.events = EPOLLIN;  // key 0
  if (epoll_ctl(epoll.get(), EPOLL_CTL_ADD, wakeup.get(), &event) < 0) return util::ErrnoStatus("watch an eventfd");
  return std::unique_ptr<EventLoop>(new EventLoop(std::move(epoll), std::move(wakeup)));
}

EventLoop::EventLoop(util::UniqueFd epoll, util::UniqueFd wakeup)
    : epoll_(std::move(epoll)), wakeup_(std::move(wakeup)) {
  // Signals are for the daemon's main thread.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([this] { Run(); });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

EventLoop::~EventLoop() {
  Stop();
}

void EventLoop::Stop() {
  if (!thread_.joinable()) return;
  {
    absl::MutexLock lock(&mutex_);
    ending_ = true;
  }
  const uint64_t one = 1;
  (void)!write(wakeup_.get(), &one, sizeof one);  // a full counter wakes as well
  thread_.join();
}

absl::StatusOr<uint64_t> EventLoop::Add(int fd, uint32_t events, Handler handler) {
  auto watch = std::make_shared<Watch>();
  watch->fd = fd;
  watch->handler = std::move(handler);
  uint64_t key = 0;
  {
    absl::MutexLock lock(&mutex_);
    key = next_key_++;
    watches_[key] = std::move(watch);
  }
  if (absl::Status status = Change(key, events); !status.ok()) {
    Remove(key);
    return status;
  }
  return key;
}

absl::Status EventLoop::Change(uint64_t key, uint32_t events) {
  absl::MutexLock lock(&mutex_);
  const auto found = watches_.find(key);
  if (found == watches_.end()) return absl::NotFoundError("the descriptor is not watched");
  Watch& watch = *found->second;
  if (watch.events == events) return absl::OkStatus();
  epoll_event event = {};
  event.events = events;
  event.data.u64 = key;
  // epoll reports the end of a descriptor always: one that is not to be looked at at all must leave it.
  const int operation = watch.events == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
  if (epoll_ctl(epoll_.get(), operation, watch.fd, &event) < 0) return util::ErrnoStatus("watch a descriptor");
  watch.events = events;
  return absl::OkStatus();
}

void EventLoop::Remove(uint64_t key) {
  std::shared_ptr<Watch> dropped;  // behind the lock: what the handler owns may call the loop as it goes
  absl::MutexLock lock(&mutex_);
  if (const auto found = watches_.find(key); found != watches_.end()) {
    if (found->second->events != 0) (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, found->second->fd, nullptr);
    dropped = std::move(found->second);
    watches_.erase(found);
  }
  if (InThread()) return;
  const auto idle = [this, key]() ABSL_SHARED_LOCKS_REQUIRED(mutex_) { return running_ != key; };
  mutex_.Await(absl::Condition(&idle));
}

bool EventLoop::InThread() const {
  return current_loop == this;
}

void EventLoop::Run() {
  current_loop = this;
  for (;;) {
    epoll_event events[64];
    const int count = epoll_wait(epoll_.get(), events, 64, -1);
    if (count < 0 && errno != EINTR) return;  // cannot be: the instance is ours and open
    {
      absl::MutexLock lock(&mutex_);
      if (ending_) return;
    }
    for (int i = 0; i < count; ++i) {
      if (events[i].data.u64 != 0) Dispatch(events[i].data.u64, events[i].events);
    }
  }
}

void EventLoop::Dispatch(uint64_t key, uint32_t events) {
  std::shared_ptr<Watch> watch;
  {
    absl::MutexLock lock(&mutex_);
    const auto found = watches_.find(key);
    if (found == watches_.end()) return;
    watch = found->second;
    running_ = key;
  }
  watch->handler(events);
  watch.reset();  // before anyone is told that the handler has run: Remove waits for what it owns
  absl::MutexLock lock(&mutex_);
  running_ = 0;
}

}  // namespace reeve::lxc

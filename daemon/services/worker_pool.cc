#include "daemon/services/worker_pool.h"

#include <pthread.h>
#include <signal.h>

#include <utility>

namespace reeve::services {

WorkerPool::WorkerPool(size_t threads) {
  // Signals are for the daemon's main thread.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_SETMASK, &all, &before);
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Run(); });
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

WorkerPool::~WorkerPool() {
  Stop();
}

void WorkerPool::Stop() {
  {
    const absl::MutexLock lock(&mutex_);
    stop_ = true;
    wake_.SignalAll();
  }
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  // Tasks are destroyed without the lock: what they hold may post.
  std::deque<std::function<void()>> tasks;
  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> delayed;
  const absl::MutexLock lock(&mutex_);
  tasks.swap(tasks_);
  delayed.swap(delayed_);
}

void WorkerPool::Post(std::function<void()> task) {
  const absl::MutexLock lock(&mutex_);
  if (stop_) return;
  tasks_.push_back(std::move(task));
  wake_.Signal();
}

void WorkerPool::PostAfter(absl::Duration delay, std::function<void()> task) {
  const absl::MutexLock lock(&mutex_);
  if (stop_) return;
  delayed_.emplace(std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(delay), std::move(task));
  wake_.Signal();
}

void WorkerPool::Run() {
  (void)::pthread_setname_np(::pthread_self(), "worker");
  while (true) {
    std::function<void()> task;
    {
      const absl::MutexLock lock(&mutex_);
      while (!stop_) {
        const auto now = std::chrono::steady_clock::now();
        while (!delayed_.empty() && delayed_.begin()->first <= now) {
          tasks_.push_back(std::move(delayed_.begin()->second));
          delayed_.erase(delayed_.begin());
        }
        if (!tasks_.empty()) break;
        wake_.WaitWithTimeout(
            &mutex_, delayed_.empty() ? absl::InfiniteDuration() : absl::FromChrono(delayed_.begin()->first - now));
      }
      if (stop_) return;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
}

}  // namespace reeve::services

#include "daemon/state/executor.h"

#include <chrono>
#include <system_error>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::state {

Executor::~Executor() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [this] { return queues_.empty(); });
  ending_ = true;
  work_.notify_all();
  changed_.wait(lock, [this] { return threads_ == 0; });
}

absl::Status Executor::Submit(const std::string& key, Job job) {
  std::unique_lock<std::mutex> lock(mutex_);
  Queue& queue = queues_[key];
  // The first of `jobs` is the one that runs unless it has been taken out.
  const size_t waiting = queue.jobs.size() - (queue.running && !queue.started ? 1 : 0);
  if (queue.running && waiting >= options_.waiting) {
    return Error(v1::REASON_DOMAIN_BUSY, absl::StrCat(waiting, " calls wait for ", key, " already: try again later"),
                 {{"waiting", absl::StrCat(waiting)}});
  }
  Add(lock, key, queue, std::move(job));
  return absl::OkStatus();
}

void Executor::SubmitAlways(const std::string& key, Job job) {
  std::unique_lock<std::mutex> lock(mutex_);
  Add(lock, key, queues_[key], std::move(job));
}

void Executor::Add(std::unique_lock<std::mutex>& /*lock*/, const std::string& key, Queue& queue, Job job) {
  queue.jobs.push_back(std::move(job));
  if (queue.running) return;
  queue.running = true;
  runnable_.push_back(key);
  if (idle_ >= runnable_.size()) {
    work_.notify_one();
  } else {
    StartThread();
  }
}

void Executor::StartThread() {
  if (threads_ >= options_.threads) return;  // the first thread that is done takes it
  try {
    std::thread(&Executor::Run, this).detach();  // the destructor waits for them by count
    ++threads_;
  } catch (const std::system_error&) {
    // No memory or too many threads (pthread_create(3)): those there are will do it; without any the next Submit tries
    // again.
  }
}

void Executor::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    if (runnable_.empty()) {
      if (ending_) break;
      ++idle_;
      const bool work = work_.wait_for(lock, absl::ToChronoNanoseconds(options_.idle),
                                       [this] { return ending_ || !runnable_.empty(); });
      --idle_;
      if (!work) break;
      continue;
    }
    const std::string key = std::move(runnable_.front());
    runnable_.pop_front();
    Queue& taken = queues_[key];
    taken.started = true;
    Job job = std::move(taken.jobs.front());
    taken.jobs.pop_front();
    lock.unlock();
    job();
    job = nullptr;
    lock.lock();
    const auto queue = queues_.find(key);  // the map may have moved its values
    queue->second.started = false;
    if (queue->second.jobs.empty()) {
      queues_.erase(queue);
      changed_.notify_all();
    } else {
      runnable_.push_back(key);
    }
  }
  --threads_;
  changed_.notify_all();
}

bool Executor::WaitIdle(absl::Duration timeout) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto idle = [this] { return queues_.empty(); };
  if (timeout >= absl::Hours(24 * 365)) {  // the sum with the present time must not overflow
    changed_.wait(lock, idle);
    return true;
  }
  return changed_.wait_for(lock, absl::ToChronoNanoseconds(timeout), idle);
}

std::vector<std::string> Executor::running() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> keys;
  for (const auto& [key, queue] : queues_) {
    if (queue.started) keys.push_back(key);
  }
  return keys;
}

size_t Executor::threads() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return threads_;
}

}  // namespace reeve::state

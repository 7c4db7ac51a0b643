// Runs jobs: one after the other per key, side by side for different keys.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"

namespace reeve::state {

// Threads are made when a job finds none idle, up to a limit, and leave when they have been idle for a while: a job
// that hangs holds its key and one thread, and nothing else waits for it. Thread-safe. Jobs must not throw. The
// destructor waits for all jobs.
class Executor {
 public:
  using Job = std::function<void()>;
  struct Options {
    size_t waiting = 16;  // jobs per key behind the one that runs
    size_t threads = 256;
    absl::Duration idle = absl::Seconds(10);
  };

  explicit Executor(Options options) : options_(options) {}
  ~Executor();

  // DOMAIN_BUSY when too many wait for the key already; `key` is shown in the message.
  absl::Status Submit(const std::string& key, Job job);
  // The same without a limit, for what must not be lost.
  void SubmitAlways(const std::string& key, Job job);

  // Waits until nothing runs or waits. False when `timeout` passes first.
  bool WaitIdle(absl::Duration timeout);
  // Keys whose jobs run now.
  [[nodiscard]] std::vector<std::string> running() const;
  [[nodiscard]] size_t threads() const;

 private:
  struct Queue {
    std::deque<Job> jobs;
    bool running = false;  // a thread does a job of it, or it is in runnable_
    bool started = false;
  };

  void Add(std::unique_lock<std::mutex>& lock, const std::string& key, Queue& queue, Job job);
  void StartThread();
  void Run();

  const Options options_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable changed_;
  absl::flat_hash_map<std::string, Queue> queues_;
  std::deque<std::string> runnable_;
  size_t threads_ = 0;
  size_t idle_ = 0;
  bool ending_ = false;
};

}  // namespace reeve::state

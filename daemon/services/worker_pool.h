// A few threads for what gRPC's own must not wait for.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <thread>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"

namespace reeve::services {

// Runs tasks in the order of arrival, as many at a time as it has threads. gRPC serves all callbacks with two threads
// on a small machine, so reading the store or taking a driver's lock there would delay every client. Thread-safe. Tasks
// must not throw; those that wait when the pool is destroyed are dropped.
class WorkerPool {
 public:
  explicit WorkerPool(size_t threads);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void Post(std::function<void()> task);
  // Posts it when `delay` has passed.
  void PostAfter(absl::Duration delay, std::function<void()> task);
  // Ends the threads after the tasks that run now; called by the destructor. Not from a task.
  void Stop();

 private:
  void Run();

  absl::Mutex mutex_;
  std::deque<std::function<void()>> tasks_ ABSL_GUARDED_BY(mutex_);
  std::multimap<std::chrono::steady_clock::time_point, std::function<void()>> delayed_ ABSL_GUARDED_BY(mutex_);
  bool stop_ ABSL_GUARDED_BY(mutex_) = false;
  absl::CondVar wake_;
  std::vector<std::thread> threads_;
};

}  // namespace reeve::services

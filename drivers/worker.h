// Threads that do jobs in turn: one, and more only while jobs wait for others.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"

namespace reeve::drivers {

// Thread-safe. Jobs are begun in the order they come. The destructor lets the jobs that are queued be done, and no more
// come.
class Worker {
 public:
  static constexpr int kMaximumThreads = 16;

  Worker() : state_(std::make_shared<State>()) {
    absl::MutexLock lock(&state_->mutex);
    Begin(state_);
  }
  ~Worker() {
    absl::MutexLock lock(&state_->mutex);
    state_->ending = true;
    state_->mutex.Await(absl::Condition(
        +[](State* state) ABSL_NO_THREAD_SAFETY_ANALYSIS { return state->threads == 0; }, state_.get()));
  }
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void Add(std::function<void()> job) {
    absl::MutexLock lock(&state_->mutex);
    state_->jobs.push_back(std::move(job));
  }

 private:
  // Shared with the threads, so that the last of them may still be leaving its mutex when the Worker is gone.
  struct State {
    absl::Mutex mutex;
    std::deque<std::function<void()>> jobs ABSL_GUARDED_BY(mutex);
    int threads ABSL_GUARDED_BY(mutex) = 0;
    int waiting ABSL_GUARDED_BY(mutex) = 0;
    bool ending ABSL_GUARDED_BY(mutex) = false;
  };

 public:
  // For a job, while it waits for something that may take long, a script for instance: others go on meanwhile.
  class Waits {
   public:
    explicit Waits(Worker* worker) : state_(worker->state_) {
      absl::MutexLock lock(&state_->mutex);
      ++state_->waiting;
      if (state_->waiting >= state_->threads && state_->threads < kMaximumThreads) Begin(state_);
    }
    ~Waits() {
      absl::MutexLock lock(&state_->mutex);
      --state_->waiting;
    }
    Waits(const Waits&) = delete;
    Waits& operator=(const Waits&) = delete;

   private:
    const std::shared_ptr<State> state_;
  };

 private:
  static void Begin(const std::shared_ptr<State>& state) ABSL_EXCLUSIVE_LOCKS_REQUIRED(state->mutex) {
    ++state->threads;
    std::thread([state] { Run(state.get()); }).detach();
  }

  static void Run(State* state) {
    for (;;) {
      std::function<void()> job;
      {
        absl::MutexLock lock(&state->mutex);
        state->mutex.Await(absl::Condition(
            +[](State* s) ABSL_NO_THREAD_SAFETY_ANALYSIS {
              return s->ending || !s->jobs.empty() || s->threads - s->waiting > 1;
            },
            state));
        // One that does not wait is enough.
        if (state->jobs.empty() || state->threads - state->waiting > 1) {
          --state->threads;
          return;
        }
        job = std::move(state->jobs.front());
        state->jobs.pop_front();
      }
      job();
    }
  }

  const std::shared_ptr<State> state_;
};

}  // namespace reeve::drivers

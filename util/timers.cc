#include "util/timers.h"

#include <condition_variable>
#include <map>
#include <mutex>
#include <thread>
#include <utility>

namespace reeve::util {
namespace {

// Timers ordered by when they are due. std::condition_variable waits on the monotonic clock, so that a set wall clock
// neither delays a timer nor brings it forward.
class SystemTimers : public Timers {
 public:
  ~SystemTimers() override {
    {
      std::lock_guard<std::mutex> lock(mutex_);
      ending_ = true;
    }
    changed_.notify_all();
    if (thread_.joinable()) thread_.join();
  }

  Id After(absl::Duration delay, std::function<void()> callback) override {
    const auto due = std::chrono::steady_clock::now() + absl::ToChronoNanoseconds(delay);
    std::lock_guard<std::mutex> lock(mutex_);
    const Id timer = ++last_timer_;
    timers_.emplace(std::make_pair(due, timer), std::move(callback));
    due_.emplace(timer, due);
    if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
    changed_.notify_all();
    return timer;
  }

  bool Cancel(Id timer) override {
    std::function<void()> dropped;  // destroyed behind the lock: it may own anything
    std::unique_lock<std::mutex> lock(mutex_);
    const auto due = due_.find(timer);
    if (due == due_.end()) {
      if (std::this_thread::get_id() != thread_.get_id()) finished_.wait(lock, [&] { return called_ != timer; });
      return false;
    }
    const auto found = timers_.find({due->second, timer});
    dropped = std::move(found->second);
    timers_.erase(found);
    due_.erase(due);
    return true;
  }

 private:
  using Due = std::chrono::steady_clock::time_point;

  void Run() {
    std::unique_lock<std::mutex> lock(mutex_);
    while (!ending_) {
      if (timers_.empty()) {
        changed_.wait(lock);
        continue;
      }
      const auto first = timers_.begin();
      if (const Due due = first->first.first; due > std::chrono::steady_clock::now()) {
        changed_.wait_until(lock, due);
        continue;
      }
      std::function<void()> callback = std::move(first->second);
      called_ = first->first.second;
      due_.erase(called_);
      timers_.erase(first);
      lock.unlock();
      callback();
      callback = nullptr;
      lock.lock();
      called_ = 0;
      finished_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::condition_variable finished_;
  std::map<std::pair<Due, Id>, std::function<void()>> timers_;
  std::map<Id, Due> due_;
  Id last_timer_ = 0;
  Id called_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace

std::unique_ptr<Timers> MakeTimers() {
  return std::make_unique<SystemTimers>();
}

}  // namespace reeve::util

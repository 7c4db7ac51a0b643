// A watch that tests feed.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "daemon/state/manager.h"

namespace reeve::services::testing {

// What a watch is fed with. Thread-safe; shared by the test and the subscription.
class Feed {
 public:
  // Gives the next message to the watcher.
  void Push(std::string message) {
    std::function<void()> ready;
    {
      const absl::MutexLock lock(&mutex_);
      messages_.push_back(std::make_shared<const std::string>(std::move(message)));
      ready = std::exchange(wanted_, false) ? ready_ : nullptr;
    }
    if (ready) ready();
  }
  // Shares one message with other feeds.
  void Push(state::SharedMessage message) {
    std::function<void()> ready;
    {
      const absl::MutexLock lock(&mutex_);
      messages_.push_back(std::move(message));
      ready = std::exchange(wanted_, false) ? ready_ : nullptr;
    }
    if (ready) ready();
  }
  void Fail(absl::Status status) { End(std::move(status), false); }
  void Complete() { End(absl::OkStatus(), true); }
  bool AwaitEnded() {
    const absl::MutexLock lock(&mutex_);
    return mutex_.AwaitWithTimeout(absl::Condition(&ended_), absl::Seconds(10));
  }
  size_t waiting() {
    const absl::MutexLock lock(&mutex_);
    return messages_.size();
  }

 private:
  friend class FakeSubscription;
  void End(absl::Status status, bool finished) {
    std::function<void()> ready;
    {
      const absl::MutexLock lock(&mutex_);
      failure_ = std::move(status);
      finished_ = finished;
      ready = std::exchange(wanted_, false) ? ready_ : nullptr;
    }
    if (ready) ready();
  }

  absl::Mutex mutex_;
  std::vector<state::SharedMessage> messages_ ABSL_GUARDED_BY(mutex_);
  absl::Status failure_ ABSL_GUARDED_BY(mutex_);
  std::function<void()> ready_ ABSL_GUARDED_BY(mutex_);
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  bool wanted_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
};

class FakeSubscription final : public state::Subscription {
 public:
  FakeSubscription(std::shared_ptr<Feed> feed, std::function<void()> ready) : feed_(std::move(feed)) {
    const absl::MutexLock lock(&feed_->mutex_);
    feed_->ready_ = std::move(ready);
  }
  ~FakeSubscription() override {
    const absl::MutexLock lock(&feed_->mutex_);
    feed_->ended_ = true;
    feed_->ready_ = nullptr;
  }
  absl::StatusOr<state::SharedMessage> Next() override {
    const absl::MutexLock lock(&feed_->mutex_);
    if (!feed_->messages_.empty()) {
      state::SharedMessage message = feed_->messages_.front();
      feed_->messages_.erase(feed_->messages_.begin());
      return message;
    }
    if (!feed_->failure_.ok()) return feed_->failure_;
    if (!feed_->finished_) feed_->wanted_ = true;
    return state::SharedMessage();
  }
  bool finished() const override {
    const absl::MutexLock lock(&feed_->mutex_);
    return feed_->finished_;
  }

 private:
  const std::shared_ptr<Feed> feed_;
};

}  // namespace reeve::services::testing

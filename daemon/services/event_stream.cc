#include "daemon/services/event_stream.h"

#include <utility>

namespace reeve::services {

EventStream::EventStream(std::shared_ptr<ServerStream> stream, WorkerPool* workers)
    : stream_(std::move(stream)), workers_(workers) {}

void EventStream::Begin(std::unique_ptr<state::Subscription> subscription) {
  const absl::MutexLock lock(&mutex_);
  if (state_ != State::kIdle) return;
  subscription_ = std::move(subscription);
  state_ = State::kPulling;
  PostPull();
}

void EventStream::Ready() {
  const absl::MutexLock lock(&mutex_);
  if (state_ == State::kWaiting) {
    state_ = State::kPulling;
    PostPull();
  } else {
    ready_ = true;
  }
}

void EventStream::PostPull() {
  workers_->Post([self = shared_from_this()] { self->Pull(); });
}

void EventStream::Pull() {
  bool again = true;
  while (again) {
    state::Subscription* subscription = nullptr;
    {
      const absl::MutexLock lock(&mutex_);
      if (state_ != State::kPulling) return;
      pulling_ = true;
      ready_ = false;
      subscription = subscription_.get();
    }
    // Without the lock: Ready may be called by who holds what Next waits for.
    absl::StatusOr<state::SharedMessage> message = subscription->Next();
    const bool finished = message.ok() && *message == nullptr && subscription->finished();
    again = Handle(std::move(message), finished);
  }
}

bool EventStream::Handle(absl::StatusOr<state::SharedMessage> message, bool finished) {
  std::unique_ptr<state::Subscription> ended;  // destroyed without the lock
  const absl::MutexLock lock(&mutex_);
  pulling_ = false;
  if (state_ == State::kEnded) {
    ended = std::move(subscription_);
  } else if (!message.ok()) {
    stream_->Finish(message.status());
  } else if (*message != nullptr) {
    state_ = State::kWriting;
    stream_->Write(*std::move(message), [self = shared_from_this()](bool ok) { self->Sent(ok); });
  } else if (finished) {
    stream_->Finish(absl::OkStatus());
  } else if (ready_) {
    return true;
  } else {
    state_ = State::kWaiting;
  }
  return false;
}

void EventStream::Sent(bool ok) {
  const absl::MutexLock lock(&mutex_);
  // If it was not sent the stream is dead, and End follows.
  if (!ok || state_ != State::kWriting) return;
  state_ = State::kPulling;
  PostPull();
}

void EventStream::End() {
  std::unique_ptr<state::Subscription> ended;  // destroyed without the lock
  const absl::MutexLock lock(&mutex_);
  state_ = State::kEnded;
  if (!pulling_) ended = std::move(subscription_);
}

}  // namespace reeve::services

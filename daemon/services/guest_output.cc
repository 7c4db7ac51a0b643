#include "daemon/services/guest_output.h"

#include <utility>

namespace reeve::services {
namespace {

constexpr size_t kHoldBackAt = 256 << 10;

}  // namespace

GuestOutput::GuestOutput(std::shared_ptr<ServerStream> stream, std::function<void()> ready_changed)
    : stream_(std::move(stream)), ready_changed_(std::move(ready_changed)) {}

void GuestOutput::Add(std::string message) {
  bool changed = false;
  {
    const absl::MutexLock lock(&mutex_);
    if (dead_ || end_) return;
    const bool before = waiting_bytes_ <= kHoldBackAt;
    waiting_bytes_ += message.size();
    waiting_.push_back(std::move(message));
    SendNext();
    changed = before != (waiting_bytes_ <= kHoldBackAt);
  }
  if (changed) ready_changed_();
}

void GuestOutput::Finish(const absl::Status& status) {
  const absl::MutexLock lock(&mutex_);
  if (dead_ || end_) return;
  end_ = status;
  SendNext();
}

bool GuestOutput::ready() const {
  const absl::MutexLock lock(&mutex_);
  return waiting_bytes_ <= kHoldBackAt;
}

void GuestOutput::SendNext() {
  if (writing_ || dead_) return;
  if (waiting_.empty()) {
    if (!end_) return;
    dead_ = true;
    return stream_->Finish(*end_);
  }
  auto message = std::make_shared<const std::string>(std::move(waiting_.front()));
  waiting_.pop_front();
  waiting_bytes_ -= message->size();
  writing_ = true;
  stream_->Write(std::move(message), [self = shared_from_this()](bool ok) { self->Sent(ok); });
}

void GuestOutput::Sent(bool ok) {
  bool changed = false;
  {
    const absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) dead_ = true;
    const bool before = waiting_bytes_ <= kHoldBackAt;
    SendNext();
    changed = before != (waiting_bytes_ <= kHoldBackAt);
  }
  if (changed) ready_changed_();
}

}  // namespace reeve::services

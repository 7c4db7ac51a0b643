#include "daemon/services/console_output.h"

#include <algorithm>
#include <utility>

#include "reeve/v1/console_service.pb.h"

namespace reeve::services {
namespace {

constexpr size_t kHoldBackAt = 64 << 10;
constexpr size_t kMostWaiting = 256 << 10;
constexpr size_t kMessageBytes = 64 << 10;

std::shared_ptr<const std::string> Serialize(const v1::AttachConsoleResponse& response) {
  return std::make_shared<const std::string>(response.SerializeAsString());
}

}  // namespace

ConsoleOutput::ConsoleOutput(std::shared_ptr<ServerStream> stream, std::function<void()> ready_changed)
    : stream_(std::move(stream)), ready_changed_(std::move(ready_changed)) {}

void ConsoleOutput::Open(const std::string& domain) {
  v1::AttachConsoleResponse response;
  response.mutable_opened()->set_domain(domain);
  const absl::MutexLock lock(&mutex_);
  stream_->Write(Serialize(response), [self = shared_from_this()](bool ok) { self->Sent(ok); });
}

void ConsoleOutput::Add(absl::string_view bytes, uint64_t lost_bytes) {
  bool changed = false;
  {
    const absl::MutexLock lock(&mutex_);
    if (finished_ || close_reason_) return;
    const bool before = ReadyLocked();
    waiting_.append(bytes.data(), bytes.size());
    lost_bytes_ += lost_bytes;
    if (waiting_.size() > kMostWaiting) {
      const size_t excess = waiting_.size() - kMostWaiting;
      waiting_.erase(0, excess);
      lost_bytes_ += excess;
    }
    SendNext();
    changed = before != ReadyLocked();
  }
  if (changed) ready_changed_();
}

void ConsoleOutput::Close(const std::string& reason) {
  const absl::MutexLock lock(&mutex_);
  if (finished_ || close_reason_) return;
  close_reason_ = reason;
  SendNext();
}

bool ConsoleOutput::ready() const {
  const absl::MutexLock lock(&mutex_);
  return ReadyLocked();
}

bool ConsoleOutput::ReadyLocked() const {
  return waiting_.size() <= kHoldBackAt;
}

void ConsoleOutput::SendNext() {
  if (writing_ || finished_) return;
  v1::AttachConsoleResponse response;
  if (!waiting_.empty() || lost_bytes_ > 0) {
    response.set_lost_bytes(std::exchange(lost_bytes_, 0));
    const size_t length = std::min(waiting_.size(), kMessageBytes);
    response.set_output(waiting_.substr(0, length));
    waiting_.erase(0, length);
  } else if (close_reason_) {
    response.mutable_closed()->set_reason(*close_reason_);
    finished_ = true;
  } else {
    return;
  }
  writing_ = true;
  stream_->Write(Serialize(response), [self = shared_from_this()](bool ok) { self->Sent(ok); });
  if (finished_) stream_->Finish(absl::OkStatus());
}

void ConsoleOutput::Sent(bool ok) {
  bool changed = false;
  {
    const absl::MutexLock lock(&mutex_);
    writing_ = false;
    if (!ok) finished_ = true;
    const bool before = ReadyLocked();
    SendNext();
    changed = before != ReadyLocked();
  }
  if (changed) ready_changed_();
}

}  // namespace reeve::services

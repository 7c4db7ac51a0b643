#include "client/grpc_stream.h"

#include <grpcpp/client_context.h>
#include <grpcpp/generic/generic_stub.h>

#include <condition_variable>
#include <deque>
#include <mutex>

#include "client/grpc_status.h"
#include "client/wakeup.h"

namespace reeve::client {
namespace {

constexpr size_t kReadAhead = 64;  // messages

grpc::ByteBuffer ToByteBuffer(const std::string& text) {
  const grpc::Slice slice(text);
  return grpc::ByteBuffer(&slice, 1);
}

// The reactor of one call. The hold (AddHold) lets us write from outside of its reactions; it is given back once, when
// the stream has ended for reading or is cancelled. gRPC runs no reaction inside of Start*, so the lock is kept over
// them.
class GrpcStream : public RawStream, private grpc::ClientBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
 public:
  GrpcStream(std::shared_ptr<grpc::Channel> channel, const char* path, Wakeup ready)
      : channel_(std::move(channel)), ready_(std::move(ready)) {
    grpc::GenericStub stub(channel_);
    stub.PrepareBidiStreamingCall(&context_, path, {}, this);
    AddHold();
    StartRead(&incoming_);
    StartCall();
  }

  ~GrpcStream() override {
    context_.TryCancel();
    std::unique_lock lock(mutex_);
    ReleaseHold();
    done_changed_.wait(lock, [this] { return done_; });
  }

  int ready_fd() const override { return ready_.fd(); }

  Taken Take(std::string* message) override {
    std::lock_guard lock(mutex_);
    if (messages_.empty()) {
      if (!done_) ready_.Clear();
      return done_ ? Taken::kEnded : Taken::kNothing;
    }
    *message = std::move(messages_.front());
    messages_.pop_front();
    if (messages_.empty() && !done_) ready_.Clear();
    if (read_paused_) {
      read_paused_ = false;
      StartRead(&incoming_);
    }
    return Taken::kMessage;
  }

  absl::Status status() const override {
    std::lock_guard lock(mutex_);
    return status_;
  }

  void Write(std::string message) override {
    std::lock_guard lock(mutex_);
    if (!holding_ || close_wanted_) return;
    queued_bytes_ += message.size();
    outgoing_.push_back(std::move(message));
    WriteNext();
  }

  size_t queued_bytes() const override {
    std::lock_guard lock(mutex_);
    return queued_bytes_;
  }

  void WritesDone() override {
    std::lock_guard lock(mutex_);
    if (!holding_ || close_wanted_) return;
    close_wanted_ = true;
    WriteNext();
  }

 private:
  void OnReadDone(bool ok) override {
    std::lock_guard lock(mutex_);
    if (!ok) {
      ReleaseHold();
      return;
    }
    grpc::Slice slice;
    if (incoming_.DumpToSingleSlice(&slice).ok()) {
      messages_.emplace_back(reinterpret_cast<const char*>(slice.begin()), slice.size());
      ready_.Set();
    }
    incoming_.Clear();
    read_paused_ = messages_.size() >= kReadAhead;
    if (!read_paused_) StartRead(&incoming_);
  }

  void OnWriteDone(bool /*ok: a failed write ends the stream, OnDone tells how*/) override {
    std::lock_guard lock(mutex_);
    writing_ = false;
    queued_bytes_ -= outgoing_.front().size();
    outgoing_.pop_front();
    if (outgoing_.empty()) ready_.Set();
    WriteNext();
  }

  void OnDone(const grpc::Status& status) override {
    std::lock_guard lock(mutex_);
    status_ = FromGrpcStatus(status);
    done_ = true;
    ready_.Set();
    done_changed_.notify_all();
  }

  void WriteNext() {
    if (writing_ || !holding_) return;
    if (!outgoing_.empty()) {
      writing_ = true;
      buffer_ = ToByteBuffer(outgoing_.front());
      StartWrite(&buffer_);
    } else if (close_wanted_ && !closed_) {
      closed_ = true;
      StartWritesDone();
    }
  }

  void ReleaseHold() {
    if (!holding_) return;
    holding_ = false;
    RemoveHold();
  }

  const std::shared_ptr<grpc::Channel> channel_;
  const Wakeup ready_;
  grpc::ClientContext context_;
  grpc::ByteBuffer incoming_;
  grpc::ByteBuffer buffer_;

  mutable std::mutex mutex_;
  std::condition_variable done_changed_;
  std::deque<std::string> messages_;
  std::deque<std::string> outgoing_;  // the first one is being written while writing_
  size_t queued_bytes_ = 0;
  bool writing_ = false;
  bool close_wanted_ = false;
  bool closed_ = false;
  bool holding_ = true;
  bool read_paused_ = false;
  bool done_ = false;
  absl::Status status_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<RawStream>> StartGrpcStream(std::shared_ptr<grpc::Channel> channel, const char* path) {
  auto ready = Wakeup::Create();
  if (!ready.ok()) return ready.status();
  return std::make_unique<GrpcStream>(std::move(channel), path, *std::move(ready));
}

}  // namespace reeve::client

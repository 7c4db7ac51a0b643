// Streams, both kinds.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "daemon/services/call.h"
#include "daemon/services/dispatcher.h"
#include "daemon/services/generic_service.h"

namespace reeve::services {

class StreamReactor;

// What the handler holds of a stream; it may outlive the reactor. Thread-safe.
class StreamCall final : public Call, public ServerStream, public std::enable_shared_from_this<StreamCall> {
 public:
  StreamCall(std::shared_ptr<const CallFacts> facts, StreamReactor* reactor);

  const std::shared_ptr<connections::Connection>& shared_connection() const override { return facts_->connection(); }
  absl::string_view method() const override { return facts_->method().path; }
  const auth::Access::Pointer& access() const override { return facts_->access(); }
  absl::Status Inspect(const google::protobuf::Message& request) const override { return facts_->Inspect(request); }
  bool Cancelled() const override { return cancelled_.load(std::memory_order_relaxed); }

  void Write(std::shared_ptr<const std::string> message, std::function<void(bool)> sent) override;
  void Finish(const absl::Status& status) override;

 private:
  friend class StreamReactor;

  // The handler has done with a message.
  void TakeNext();
  // Asks gRPC for the next message, unless the stream ends or one is being handled: then it is asked for after that.
  void ReadNext();
  void FinishLocked(const absl::Status& status) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<const CallFacts> facts_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<bool> cancelled_{false};
  absl::Mutex mutex_;
  StreamReactor* reactor_ ABSL_GUARDED_BY(mutex_);  // null: the stream is over
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;   // Finish was called, here or of gRPC
  bool handed_on_ ABSL_GUARDED_BY(mutex_) = false;  // gRPC's Finish was called
  absl::Status status_ ABSL_GUARDED_BY(mutex_);     // with which it ends
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::function<void(bool)> sent_ ABSL_GUARDED_BY(mutex_);
  grpc::ByteBuffer outgoing_ ABSL_GUARDED_BY(mutex_);
  uint64_t outgoing_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t incoming_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of the message that a handler has
  bool handling_ ABSL_GUARDED_BY(mutex_) = false;        // a handler has a message now
  bool read_wanted_ ABSL_GUARDED_BY(mutex_) = false;     // the next one, after that
};

// Owned by gRPC; deletes itself at its end. The handler's calls come from OnReadDone, one at a time, and from OnDone,
// which gRPC calls when all others have returned.
class StreamReactor final : public grpc::ServerGenericBidiReactor {
 public:
  StreamReactor(GenericService* service, const Dispatcher* dispatcher, Dispatcher::Admission admission);

  void OnReadDone(bool ok) override;
  void OnWriteDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  friend class StreamCall;

  void BeginBidirectional();
  void BeginServerStream();
  void HandleMessage();
  void End(const absl::Status& status);

  GenericService* const service_;
  const Dispatcher::Admission admission_;
  const uint32_t max_request_bytes_;
  const std::shared_ptr<StreamCall> call_;
  const GenericService::StreamList::iterator position_;
  std::unique_ptr<StreamHandler> handler_;
  grpc::ByteBuffer incoming_;
};

}  // namespace reeve::services

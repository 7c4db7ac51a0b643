#include "daemon/services/unary_reactor.h"

#include <grpcpp/support/proto_buffer_reader.h>

#include <atomic>
#include <chrono>
#include <exception>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "daemon/services/byte_buffer.h"
#include "daemon/services/call_log.h"
#include "daemon/services/generic_service.h"
#include "daemon/services/wire_status.h"
#include "proto/status.h"

namespace reeve::services {

// What the handler holds of the call; it may outlive the reactor.
class UnaryCall final : public Call {
 public:
  UnaryCall(std::shared_ptr<const CallFacts> facts, UnaryReactor* reactor)
      : facts_(std::move(facts)), reactor_(reactor) {}

  const std::shared_ptr<connections::Connection>& shared_connection() const override { return facts_->connection(); }
  absl::string_view method() const override { return facts_->method().path; }
  const auth::Access::Pointer& access() const override { return facts_->access(); }
  absl::Status Inspect(const google::protobuf::Message& request) const override { return facts_->Inspect(request); }
  bool Cancelled() const override { return cancelled_.load(std::memory_order_relaxed); }

  void SetCancelled() { cancelled_ = true; }

  // What the handler made of it, also when its client has gone meanwhile.
  void AnswerOfHandler(absl::StatusOr<std::string> response) {
    facts_->Record(response.status());
    Answer(std::move(response));
  }

  // The first answer counts, later ones are dropped.
  void Answer(absl::StatusOr<std::string> response) {
    UnaryReactor* reactor = nullptr;
    {
      const absl::MutexLock lock(&mutex_);
      reactor = std::exchange(reactor_, nullptr);
    }
    if (reactor == nullptr) return;
    if (absl::Status asked = response.ok() ? facts_->CheckAsked() : absl::OkStatus(); !asked.ok()) response = asked;
    if (response.ok()) {
      // A change has been made, and its client must hear of it.
      const bool changed = facts_->method().access == v1::ACCESS_WRITE;
      if (changed) reactor->admission_.AddBytes(response->size());
      absl::Status room = changed ? absl::OkStatus() : reactor->admission_.TakeBytes(response->size());
      if (!room.ok()) response = std::move(room);
    }
    reactor->admission_.GiveBytes(reactor->request_bytes_.exchange(0));
    reactor->admission_.GivePlace();
    LogCall(*facts_, response.status(), absl::FromChrono(std::chrono::steady_clock::now() - start_));
    if (!response.ok()) return reactor->Finish(ToWireStatus(response.status()));
    response_ = ToByteBuffer(*std::move(response));
    reactor->StartWriteAndFinish(&response_, grpc::WriteOptions(), grpc::Status::OK);
  }

 private:
  const std::shared_ptr<const CallFacts> facts_;
  const std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
  std::atomic<bool> cancelled_{false};
  absl::Mutex mutex_;
  UnaryReactor* reactor_ ABSL_GUARDED_BY(mutex_);  // null: answered
  grpc::ByteBuffer response_;  // written once, by whoever took the reactor; read until the reactor's OnDone
};

namespace {

// Sees to it that a handler which drops `done` does not leave its client waiting.
class Completion {
 public:
  explicit Completion(std::shared_ptr<UnaryCall> call) : call_(std::move(call)) {}
  Completion(const Completion&) = delete;
  Completion& operator=(const Completion&) = delete;
  ~Completion() {
    if (!answered_.exchange(true)) call_->AnswerOfHandler(Error(v1::REASON_INTERNAL, "the handler gave no answer"));
  }
  void Answer(absl::StatusOr<std::string> response) {
    if (!answered_.exchange(true)) call_->AnswerOfHandler(std::move(response));
  }

 private:
  const std::shared_ptr<UnaryCall> call_;
  std::atomic<bool> answered_{false};
};

}  // namespace

UnaryReactor::UnaryReactor(GenericService* service, Dispatcher::Admission admission, const Limits& limits)
    : service_(service),
      admission_(std::move(admission)),
      max_request_bytes_(limits.max_request_bytes),
      call_(std::make_shared<UnaryCall>(admission_.facts(), this)) {
  service_->CallBegins();
  StartRead(&request_);
}

void UnaryReactor::OnReadDone(bool ok) {
  if (!ok) {
    return call_->AnswerOfHandler(Error(v1::REASON_REQUEST_MALFORMED, "the call ended before it had a request"));
  }
  if (request_.Length() > max_request_bytes_) {
    return call_->AnswerOfHandler(Error(
        v1::REASON_MESSAGE_TOO_LARGE,
        absl::StrCat("the request has ", request_.Length(), " bytes, at most ", max_request_bytes_, " are allowed"),
        {{"limit", absl::StrCat(max_request_bytes_)}}));
  }
  const uint64_t bytes = request_.Length();
  if (absl::Status room = admission_.TakeBytes(bytes); !room.ok()) return call_->AnswerOfHandler(std::move(room));
  request_bytes_ = bytes;
  const auto completion = std::make_shared<Completion>(call_);
  try {
    grpc::ProtoBufferReader reader(&request_);
    admission_.method().unary(call_, &reader, [completion](absl::StatusOr<std::string> response) {
      completion->Answer(std::move(response));
    });
  } catch (const std::exception& fault) {
    completion->Answer(Error(v1::REASON_INTERNAL, absl::StrCat("the handler failed: ", fault.what())));
  }
  request_.Clear();
}

void UnaryReactor::OnCancel() {
  call_->SetCancelled();
  call_->Answer(Error(v1::REASON_CALL_CANCELLED, "the client cancelled the call, or its deadline passed"));
}

void UnaryReactor::OnDone() {
  GenericService* const service = service_;
  delete this;
  service->CallEnds();
}

}  // namespace reeve::services

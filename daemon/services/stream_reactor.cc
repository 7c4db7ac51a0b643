#include "daemon/services/stream_reactor.h"

#include <grpcpp/support/proto_buffer_reader.h>

#include <exception>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/services/byte_buffer.h"
#include "daemon/services/call_log.h"
#include "daemon/services/wire_status.h"
#include "proto/status.h"
#include "util/log.h"

namespace reeve::services {
namespace {

absl::Status HandlerFailed(const std::exception& fault) {
  return Error(v1::REASON_INTERNAL, absl::StrCat("the handler failed: ", fault.what()));
}

}  // namespace

StreamCall::StreamCall(std::shared_ptr<const CallFacts> facts, StreamReactor* reactor)
    : facts_(std::move(facts)), reactor_(reactor) {}

void StreamCall::Write(std::shared_ptr<const std::string> message, std::function<void(bool)> sent) {
  const absl::MutexLock lock(&mutex_);
  if (reactor_ == nullptr || finished_ || writing_) return;
  if (absl::Status asked = facts_->CheckAsked(); !asked.ok()) return FinishLocked(asked);
  writing_ = true;
  sent_ = std::move(sent);
  // Shared with the other streams that send the same, but each client has its own to take.
  outgoing_bytes_ = message->size();
  reactor_->admission_.AddBytes(outgoing_bytes_);
  outgoing_ = ToByteBuffer(std::move(message));
  reactor_->StartWrite(&outgoing_);
}

void StreamCall::Finish(const absl::Status& status) {
  const absl::MutexLock lock(&mutex_);
  FinishLocked(status);
}

void StreamCall::FinishLocked(const absl::Status& status) {
  if (reactor_ == nullptr || finished_) return;
  finished_ = true;
  status_ = status;
  // Behind the message on its way: OnWriteDone goes on.
  if (writing_ && !cancelled_) return;
  handed_on_ = true;
  reactor_->End(status_);
}

void StreamCall::TakeNext() {
  {
    const absl::MutexLock lock(&mutex_);
    if (reactor_ == nullptr) return;
    reactor_->admission_.GiveBytes(std::exchange(incoming_bytes_, 0));
  }
  ReadNext();
}

void StreamCall::ReadNext() {
  const absl::MutexLock lock(&mutex_);
  if (reactor_ == nullptr || finished_) return;
  if (handling_) {
    read_wanted_ = true;
    return;
  }
  reactor_->StartRead(&reactor_->incoming_);
}

StreamReactor::StreamReactor(GenericService* service, const Dispatcher* dispatcher, Dispatcher::Admission admission)
    : service_(service),
      admission_(std::move(admission)),
      max_request_bytes_(dispatcher->limits().max_request_bytes),
      call_(std::make_shared<StreamCall>(admission_.facts(), this)),
      position_(service->StreamBegins(call_)) {
  service_->CallBegins();
  // So that the client knows that its stream is there before anything happens on it.
  StartSendInitialMetadata();
  // Draining may have begun between the admission and the entry in the list of streams.
  if (dispatcher->draining()) {
    call_->Finish(Error(v1::REASON_DAEMON_DRAINING, "the daemon is ending"));
  } else if (admission_.method().bidirectional) {
    BeginBidirectional();
  } else {
    call_->ReadNext();
  }
}

void StreamReactor::BeginBidirectional() {
  try {
    handler_ = admission_.method().bidirectional(call_, call_);
  } catch (const std::exception& fault) {
    return call_->Finish(HandlerFailed(fault));
  }
  call_->ReadNext();
}

void StreamReactor::BeginServerStream() {
  try {
    grpc::ProtoBufferReader bytes(&incoming_);
    absl::StatusOr<std::unique_ptr<StreamHandler>> handler = admission_.method().server_stream(call_, &bytes, call_);
    if (!handler.ok()) return call_->Finish(handler.status());
    handler_ = *std::move(handler);
  } catch (const std::exception& fault) {
    call_->Finish(HandlerFailed(fault));
  }
}

void StreamReactor::HandleMessage() {
  {
    const absl::MutexLock lock(&call_->mutex_);
    call_->handling_ = true;
  }
  std::string message = ToString(incoming_);
  incoming_.Clear();
  try {
    // The bytes are the handler's until it asks for the next message.
    handler_->OnMessage(std::move(message), [call = call_] { call->TakeNext(); });
  } catch (const std::exception& fault) {
    call_->Finish(HandlerFailed(fault));
  }
  bool read = false;
  {
    const absl::MutexLock lock(&call_->mutex_);
    call_->handling_ = false;
    read = std::exchange(call_->read_wanted_, false);
  }
  if (read) call_->ReadNext();
}

void StreamReactor::OnReadDone(bool ok) {
  if (ok && incoming_.Length() > max_request_bytes_) {
    return call_->Finish(Error(
        v1::REASON_MESSAGE_TOO_LARGE,
        absl::StrCat("the message has ", incoming_.Length(), " bytes, at most ", max_request_bytes_, " are allowed"),
        {{"limit", absl::StrCat(max_request_bytes_)}}));
  }
  if (ok) {
    const uint64_t bytes = incoming_.Length();
    if (absl::Status room = admission_.TakeBytes(bytes); !room.ok()) return call_->Finish(room);
    const absl::MutexLock lock(&call_->mutex_);
    call_->incoming_bytes_ = bytes;
  }
  if (!admission_.method().bidirectional) {
    if (ok) return BeginServerStream();
    return call_->Finish(Error(v1::REASON_REQUEST_MALFORMED, "the call ended before it had a request"));
  }
  if (ok) return HandleMessage();
  if (handler_ == nullptr || call_->Cancelled()) return;
  try {
    handler_->OnClientDone();
  } catch (const std::exception& fault) {
    call_->Finish(HandlerFailed(fault));
  }
}

void StreamReactor::OnWriteDone(bool ok) {
  std::function<void(bool)> sent;
  {
    const absl::MutexLock lock(&call_->mutex_);
    call_->writing_ = false;
    call_->outgoing_.Clear();
    admission_.GiveBytes(std::exchange(call_->outgoing_bytes_, 0));
    sent = std::exchange(call_->sent_, nullptr);
    if (call_->finished_ && !call_->handed_on_) {
      call_->handed_on_ = true;
      End(call_->status_);
    }
  }
  if (sent) sent(ok);
}

void StreamReactor::OnCancel() {
  call_->cancelled_ = true;
  const absl::MutexLock lock(&call_->mutex_);
  const absl::Status status =
      Error(v1::REASON_CALL_CANCELLED, "the client cancelled the call, or its connection ended");
  if (!call_->finished_) return call_->FinishLocked(status);
  // It waited behind a write that nobody will read any more.
  if (!std::exchange(call_->handed_on_, true)) End(call_->status_);
}

void StreamReactor::End(const absl::Status& status) {
  admission_.GivePlace();
  Finish(ToWireStatus(status));
}

void StreamReactor::OnDone() {
  absl::Status status;
  {
    const absl::MutexLock lock(&call_->mutex_);
    call_->reactor_ = nullptr;
    status = call_->status_;
  }
  admission_.facts()->Record(status);
  LogCall(*admission_.facts(), status, absl::FromChrono(std::chrono::steady_clock::now() - call_->start_));
  if (handler_ != nullptr) {
    try {
      handler_->OnEnd();
    } catch (const std::exception& fault) {
      util::LogError(call_->method(), ": at the end of the stream: ", HandlerFailed(fault).message());
    }
  }
  handler_.reset();
  service_->StreamEnds(position_);
  GenericService* const service = service_;
  delete this;
  service->CallEnds();
}

}  // namespace reeve::services

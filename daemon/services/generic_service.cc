#include "daemon/services/generic_service.h"

#include <string>
#include <utility>
#include <vector>

#include "daemon/services/call_log.h"
#include "daemon/services/stream_reactor.h"
#include "daemon/services/unary_reactor.h"
#include "daemon/services/wire_status.h"
#include "proto/status.h"

namespace reeve::services {
namespace {

// Answers a call that is not admitted.
class RefusingReactor final : public grpc::ServerGenericBidiReactor {
 public:
  RefusingReactor(GenericService* service, const absl::Status& status) : service_(service) {
    service_->CallBegins();
    Finish(ToWireStatus(status));
  }
  void OnDone() override {
    GenericService* const service = service_;
    delete this;
    service->CallEnds();
  }

 private:
  GenericService* const service_;
};

}  // namespace

grpc::ServerGenericBidiReactor* GenericService::CreateReactor(grpc::GenericCallbackServerContext* context) {
  const std::string peer = context->peer();
  absl::StatusOr<Dispatcher::Admission> admission = dispatcher_->Admit(peer, context->method());
  if (!admission.ok()) {
    LogRefusal(peer, context->method(), admission.status());
    return new RefusingReactor(this, admission.status());
  }
  if (admission->method().unary) return new UnaryReactor(this, *std::move(admission), dispatcher_->limits());
  return new StreamReactor(this, dispatcher_, *std::move(admission));
}

void GenericService::EndStreams() {
  std::vector<std::shared_ptr<StreamCall>> streams;
  {
    const absl::MutexLock lock(&mutex_);
    streams.reserve(streams_.size());
    for (const auto& weak : streams_) {
      if (auto stream = weak.lock()) streams.push_back(std::move(stream));
    }
  }
  for (const auto& stream : streams) stream->Finish(Error(v1::REASON_DAEMON_DRAINING, "the daemon is ending"));
}

size_t GenericService::streams() const {
  const absl::MutexLock lock(&mutex_);
  return streams_.size();
}

bool GenericService::AwaitIdle(absl::Time deadline) {
  const absl::MutexLock lock(&mutex_);
  return mutex_.AwaitWithDeadline(absl::Condition(
                                      +[](size_t* calls) { return *calls == 0; }, &calls_),
                                  deadline);
}

void GenericService::CallBegins() {
  const absl::MutexLock lock(&mutex_);
  ++calls_;
}

void GenericService::CallEnds() {
  const absl::MutexLock lock(&mutex_);
  --calls_;
}

GenericService::StreamList::iterator GenericService::StreamBegins(const std::shared_ptr<StreamCall>& stream) {
  const absl::MutexLock lock(&mutex_);
  return streams_.insert(streams_.end(), stream);
}

void GenericService::StreamEnds(StreamList::iterator position) {
  const absl::MutexLock lock(&mutex_);
  streams_.erase(position);
}

}  // namespace reeve::services

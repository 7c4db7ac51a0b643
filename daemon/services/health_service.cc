#include "daemon/services/health_service.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"

namespace reeve::services {
namespace {

using grpc::health::v1::HealthCheckRequest;
using grpc::health::v1::HealthCheckResponse;

// Sends the health whenever it differs from what was sent last. Thread-safe.
class HealthTeller : public std::enable_shared_from_this<HealthTeller> {
 public:
  HealthTeller(const Health* health, std::string service, std::shared_ptr<ServerStream> stream)
      : health_(health), service_(std::move(service)), stream_(std::move(stream)) {}

  void Tell() {
    const Health::Status status = health_->Get(service_);
    const absl::MutexLock lock(&mutex_);
    if (writing_ || last_ == status) return;
    writing_ = true;
    last_ = status;
    HealthCheckResponse response;
    response.set_status(status);
    stream_->Write(std::make_shared<const std::string>(response.SerializeAsString()),
                   [self = shared_from_this()](bool ok) { self->Told(ok); });
  }

 private:
  void Told(bool ok) {
    {
      const absl::MutexLock lock(&mutex_);
      writing_ = false;
    }
    // It may have changed while the last message was on its way.
    if (ok) Tell();
  }

  const Health* const health_;
  const std::string service_;
  const std::shared_ptr<ServerStream> stream_;
  absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<Health::Status> last_ ABSL_GUARDED_BY(mutex_);
};

class HealthWatch final : public StreamHandler {
 public:
  HealthWatch(Health* health, std::string service, std::shared_ptr<ServerStream> stream)
      : health_(health), teller_(std::make_shared<HealthTeller>(health, std::move(service), std::move(stream))) {
    watcher_ = health_->AddWatcher([teller = teller_] { teller->Tell(); });
    teller_->Tell();
  }
  void OnEnd() override { health_->RemoveWatcher(watcher_); }

 private:
  Health* const health_;
  const std::shared_ptr<HealthTeller> teller_;
  uint64_t watcher_ = 0;
};

// Names are compared, logged and kept by a watch: the longest real one is far shorter.
absl::Status CheckName(const HealthCheckRequest& request) {
  if (request.service().size() <= 512) return absl::OkStatus();
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, "the name of the service has more than 512 bytes");
  AddFieldViolation(&status, "service", "at most 512 bytes");
  return status;
}

}  // namespace

void RegisterHealthService(Dispatcher* dispatcher, Health* health) {
  dispatcher->Read(
      methods::kHealthCheck, [health](const Call&, const HealthCheckRequest& request, HealthCheckResponse* response) {
        if (absl::Status status = CheckName(request); !status.ok()) return status;
        const Health::Status status = health->Get(request.service());
        if (status == HealthCheckResponse::SERVICE_UNKNOWN) {
          return Error(v1::REASON_SERVICE_NOT_FOUND, absl::StrCat("there is no service ", request.service()),
                       {{"service", request.service()}});
        }
        response->set_status(status);
        return absl::OkStatus();
      });
  dispatcher->Stream(methods::kHealthWatch,
                     [health](CallPointer, const HealthCheckRequest& request,
                              std::shared_ptr<ServerStream> stream) -> absl::StatusOr<std::unique_ptr<StreamHandler>> {
                       if (absl::Status status = CheckName(request); !status.ok()) return status;
                       return std::make_unique<HealthWatch>(health, request.service(), std::move(stream));
                     });
}

}  // namespace reeve::services

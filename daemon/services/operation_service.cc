#include "daemon/services/operation_service.h"

#include <utility>

#include "daemon/services/caller.h"

namespace reeve::services {
namespace {

constexpr int64_t kLongestWaitSeconds = 3600;

absl::Status CheckTimeout(const v1::WaitOperationRequest& request) {
  const google::protobuf::Duration& timeout = request.timeout();
  if (timeout.seconds() >= 0 && timeout.nanos() >= 0 && timeout.nanos() < 1'000'000'000 &&
      (timeout.seconds() < kLongestWaitSeconds || (timeout.seconds() == kLongestWaitSeconds && timeout.nanos() == 0))) {
    return absl::OkStatus();
  }
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, "the timeout of a wait must be from 0 to an hour");
  AddFieldViolation(&status, "timeout", "must be from 0 to 3600 seconds");
  return status;
}

}  // namespace

void RegisterOperationService(Dispatcher* dispatcher, state::Manager* manager) {
  dispatcher->Read(methods::kListOperations, [manager](const Call& call, const v1::ListOperationsRequest& request,
                                                       v1::ListOperationsResponse* response) {
    *response = manager->ListOperations(CallerOf(call), request);
    return absl::OkStatus();
  });
  dispatcher->Read(methods::kGetOperation,
                   [manager](const Call& call, const v1::GetOperationRequest& request, v1::Operation* response) {
                     absl::StatusOr<v1::Operation> operation = manager->GetOperation(CallerOf(call), request.name());
                     if (operation.ok()) *response = *std::move(operation);
                     return operation.status();
                   });
  dispatcher->Later(methods::kWaitOperation,
                    [manager](CallPointer call, v1::WaitOperationRequest request, state::Done<v1::Operation> done) {
                      if (absl::Status status = CheckTimeout(request); !status.ok()) return done(std::move(status));
                      manager->WaitOperation(CallerOf(*call), request, std::move(done));
                    });
  dispatcher->Read(methods::kCancelOperation,
                   [manager](const Call& call, const v1::CancelOperationRequest& request, v1::Operation* response) {
                     absl::StatusOr<v1::Operation> operation = manager->CancelOperation(CallerOf(call), request.name());
                     if (operation.ok()) *response = *std::move(operation);
                     return operation.status();
                   });
}

}  // namespace reeve::services

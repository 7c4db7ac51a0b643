// One request, one answer.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <atomic>
#include <cstdint>
#include <memory>

#include "daemon/services/dispatcher.h"

namespace reeve::services {

class GenericService;
class UnaryCall;

// Owned by gRPC; deletes itself at its end. A call that is cancelled is answered at once, whatever its handler still
// does: a driver that hangs keeps neither the client's place nor the shutdown of the server.
class UnaryReactor final : public grpc::ServerGenericBidiReactor {
 public:
  UnaryReactor(GenericService* service, Dispatcher::Admission admission, const Limits& limits);

  void OnReadDone(bool ok) override;
  void OnCancel() override;
  void OnDone() override;

 private:
  friend class UnaryCall;

  GenericService* const service_;
  const Dispatcher::Admission admission_;
  const uint32_t max_request_bytes_;
  const std::shared_ptr<UnaryCall> call_;
  grpc::ByteBuffer request_;
  std::atomic<uint64_t> request_bytes_{0};  // that are counted
};

}  // namespace reeve::services

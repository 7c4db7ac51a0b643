// Methods that are answered by a worker: what they ask for looks at the host, or waits.
#pragma once

#include <functional>
#include <utility>

#include "absl/status/statusor.h"
#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"

namespace reeve::services {

// Registers `method`: a worker calls the function with its request, several at the same time. What the function refers
// to, and `workers`, outlive the server.
template <typename Request, typename Response>
void Tell(Dispatcher* dispatcher, WorkerPool* workers, UnaryMethod<Request, Response> method,
          std::function<absl::StatusOr<Response>(const Request&)> function) {
  dispatcher->Later(method, [function = std::move(function), workers](
                                CallPointer, Request request, std::function<void(absl::StatusOr<Response>)> done) {
    workers->Post([function, request = std::move(request), done = std::move(done)] { done(function(request)); });
  });
}

}  // namespace reeve::services

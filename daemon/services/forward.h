// Handlers that hand a call to the manager as it is.
#pragma once

#include <utility>

#include "daemon/services/caller.h"
#include "daemon/services/dispatcher.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/manager.h"

namespace reeve::services {

// A change that the manager answers when it is stored.
template <typename Request, typename Response, typename Interface>
void ForwardChange(Dispatcher* dispatcher, state::Manager* manager, UnaryMethod<Request, Response> method,
                   void (Interface::*change)(const state::Caller&, Request, state::Done<Response>)) {
  dispatcher->Later(method, [manager, change](CallPointer call, Request request, state::Done<Response> done) {
    (manager->*change)(CallerOf(*call), std::move(request), std::move(done));
  });
}

// A read that is answered from a snapshot.
template <typename Request, typename Response, typename Interface>
void ForwardRead(Dispatcher* dispatcher, state::Manager* manager, UnaryMethod<Request, Response> method,
                 absl::StatusOr<Response> (Interface::*read)(const state::Caller&, const Request&) const) {
  dispatcher->Read(method, [manager, read](const Call& call, const Request& request, Response* response) {
    absl::StatusOr<Response> result = (manager->*read)(CallerOf(call), request);
    if (result.ok()) *response = *std::move(result);
    return result.status();
  });
}

// A call that may wait for a guest or the disk: done by a worker.
template <typename Request, typename Response, typename Method>
void ForwardSlow(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers,
                 UnaryMethod<Request, Response> method, Method call) {
  dispatcher->Later(method, [manager, workers, call](CallPointer from, Request request, state::Done<Response> done) {
    workers->Post([manager, call, caller = CallerOf(*from), request = std::move(request), done = std::move(done)] {
      done((manager->*call)(caller, request));
    });
  });
}

}  // namespace reeve::services

// Joins gRPC and the dispatcher: the generic service that all calls of all methods come to.
#pragma once

#include <grpcpp/generic/async_generic_service.h>

#include <cstddef>
#include <list>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "daemon/services/dispatcher.h"

namespace reeve::services {

class StreamCall;

// Made for one server, which is destroyed before it. Thread-safe.
class GenericService final : public grpc::CallbackGenericService {
 public:
  explicit GenericService(Dispatcher* dispatcher) : dispatcher_(dispatcher) {}

  grpc::ServerGenericBidiReactor* CreateReactor(grpc::GenericCallbackServerContext* context) override;

  // Ends all streams with DAEMON_DRAINING; the dispatcher admits no new ones by then.
  void EndStreams();
  size_t streams() const;
  // Waits until there is no call any more; false when there still is one at the deadline.
  bool AwaitIdle(absl::Time deadline = absl::InfiniteFuture());

  // For the reactors. Each counts from its making to its end.
  using StreamList = std::list<std::weak_ptr<StreamCall>>;
  void CallBegins();
  void CallEnds();
  StreamList::iterator StreamBegins(const std::shared_ptr<StreamCall>& stream);
  void StreamEnds(StreamList::iterator position);

 private:
  Dispatcher* const dispatcher_;
  mutable absl::Mutex mutex_;
  size_t calls_ ABSL_GUARDED_BY(mutex_) = 0;
  StreamList streams_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::services

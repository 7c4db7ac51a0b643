// One watcher's stream: pulls from its subscription and writes to the client.
#pragma once

#include <functional>
#include <memory>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "daemon/services/call.h"
#include "daemon/services/worker_pool.h"
#include "daemon/state/watch.h"

namespace reeve::services {

// At any time it waits for the subscription, pulls from it (on a worker: it may read the store), or waits for the
// client to take a message; so a client that reads slowly holds back only its own subscription. Thread-safe.
class EventStream : public std::enable_shared_from_this<EventStream> {
 public:
  EventStream(std::shared_ptr<ServerStream> stream, WorkerPool* workers);

  // Takes the subscription and begins.
  void Begin(std::unique_ptr<state::Subscription> subscription);
  // The subscription has something; from any thread, also before Begin.
  void Ready();
  // Ends the watch: the subscription is destroyed, at once or when it is not being pulled from any more.
  void End();

 private:
  // kWaiting: for Ready. kPulling: a worker has, or will have, the subscription. kWriting: for the client.
  enum class State { kIdle, kWaiting, kPulling, kWriting, kEnded };

  void Pull();
  // What a pull gave is acted on; true: pull again at once.
  bool Handle(absl::StatusOr<state::SharedMessage> message, bool finished);
  void Sent(bool ok);
  void PostPull();

  const std::shared_ptr<ServerStream> stream_;
  WorkerPool* const workers_;
  absl::Mutex mutex_;
  State state_ ABSL_GUARDED_BY(mutex_) = State::kIdle;
  bool ready_ ABSL_GUARDED_BY(mutex_) = false;    // Ready came while it was being pulled from
  bool pulling_ ABSL_GUARDED_BY(mutex_) = false;  // a worker is in Next
  std::unique_ptr<state::Subscription> subscription_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::services

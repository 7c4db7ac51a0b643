// The live side of the event stream: one Subscription per watcher, fed by the hub at every commit.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "reeve/v1/event_service.pb.h"

namespace reeve::state {

// A serialized WatchResponse, shared by all watchers that get the same one.
using SharedMessage = std::shared_ptr<const std::string>;

// One watcher's place in the stream. It is pulled from: Next gives the next message or null when there is none now; then
// `ready` (given at the start) is called once, from any thread, as soon as there is one. Next may read the store and is
// called from one thread at a time. Destroying it ends the watch.
class Subscription {
 public:
  virtual ~Subscription() = default;
  // The next message; null: none now; an error ends the stream with it (RESYNC_REQUIRED, REVISION_COMPACTED; for the
  // latter a message with `compacted` came before). absl::OkStatus is never returned as an error; `finished()` tells that an
  // until_current watch is complete.
  virtual absl::StatusOr<SharedMessage> Next() = 0;
  virtual bool finished() const = 0;
};

}  // namespace reeve::state

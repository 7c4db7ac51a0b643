// One watch: the present state or what the store has, then what happens.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "daemon/state/registry.h"
#include "daemon/state/store.h"
#include "daemon/state/subscriber_queue.h"
#include "daemon/state/watch.h"

namespace reeve::state {

// As Subscription says. A snapshot comes in messages of at most 100 objects with revision 0, and only the one with
// `snapshot_done` has the snapshot's revision: a client that lost the stream before it has nothing to go on from.
class WatchSubscription final : public Subscription {
 public:
  // `snapshot`: null to start at `start_revision` instead. `newest` is the revision at the call. `on_end` is called by
  // the destructor.
  WatchSubscription(Store* store, std::shared_ptr<SubscriberQueue> queue, SnapshotPointer snapshot,
                    int64_t start_revision, int64_t newest, bool until_current, std::function<void()> on_end);
  ~WatchSubscription() override;

  absl::StatusOr<SharedMessage> Next() override;
  bool finished() const override { return finished_; }

 private:
  enum class Phase { kSnapshot, kStore, kLive, kEnded };

  SharedMessage NextOfSnapshot();
  absl::StatusOr<SharedMessage> NextOfStore();
  absl::StatusOr<SharedMessage> NextLive();
  absl::Status FillBatch();
  SharedMessage EndCompacted();
  absl::Status End(absl::Status status);

  Store* const store_;
  const std::shared_ptr<SubscriberQueue> queue_;
  const bool until_current_;
  const std::function<void()> on_end_;

  Phase phase_;
  SnapshotPointer snapshot_;
  size_t snapshot_next_ = 0;
  int64_t next_revision_;  // to be read from the store
  int64_t read_until_;
  std::deque<JournalRow> batch_;
  absl::Status end_;
  bool finished_ = false;
};

}  // namespace reeve::state

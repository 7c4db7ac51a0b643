// Hands every commit to the watchers.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "daemon/state/journal_record.h"
#include "daemon/state/registry.h"
#include "daemon/state/store.h"
#include "daemon/state/subscriber_queue.h"
#include "daemon/state/watch.h"
#include "util/timers.h"

namespace reeve::state {

// Thread-safe. A thread of its own, which runs from the first watch on, hands the commits out, so that neither a commit
// nor its caller waits for watchers. Must outlive its subscriptions.
class WatchHub {
 public:
  WatchHub(Store* store, const Registry* registry, util::Timers* timers, SubscriberQueue::Budget budget,
           absl::Duration progress_interval);
  ~WatchHub();

  // A commit that the store and the registry have. In order of revisions.
  void Append(std::shared_ptr<JournalRecord> record);

  // `filter` is made of the request. REVISION_UNKNOWN for a start in the future, REQUEST_INVALID.
  absl::StatusOr<std::unique_ptr<Subscription>> Watch(const v1::WatchRequest& request, WatchFilter filter,
                                                      std::function<void()> ready);

  [[nodiscard]] uint32_t watches() const { return watches_.load(); }

 private:
  class Handle;
  using Queues = std::vector<std::shared_ptr<SubscriberQueue>>;

  void Remove(const std::shared_ptr<SubscriberQueue>& queue);
  void Run();
  void SetProgressTimer();
  void Progress();

  Store* const store_;
  const Registry* const registry_;
  util::Timers* const timers_;
  const SubscriberQueue::Budget budget_;
  const absl::Duration progress_interval_;
  std::atomic<uint32_t> watches_{0};

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<const Queues> queues_ = std::make_shared<Queues>();           // copied when changed
  std::shared_ptr<const Queues> progress_queues_ = std::make_shared<Queues>();  // those that want progress
  std::vector<std::shared_ptr<JournalRecord>> pending_;
  util::Timers::Id progress_timer_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace reeve::state

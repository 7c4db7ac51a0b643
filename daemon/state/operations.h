// Long jobs as objects.
#pragma once

#include <atomic>
#include <cstdint>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/time/time.h"
#include "daemon/state/manager.h"
#include "daemon/state/store.h"
#include "drivers/driver.h"
#include "reeve/v1/operation.pb.h"
#include "util/clock.h"
#include "util/timers.h"

namespace reeve::state {

// All operations; their beginning and end are stored, their progress is not. Thread-safe. The destructor answers those
// who wait with the present state.
class OperationTable {
 public:
  OperationTable(Store* store, const util::Clock* clock, util::Timers* timers, absl::Duration age, size_t count)
      : store_(store), clock_(clock), timers_(timers), age_(age), count_(count) {}
  ~OperationTable();

  // Reads the stored ones; those that ran are ended with DAEMON_RESTARTED.
  absl::Status Load();

  // A new one, stored. STORE_FAILED.
  absl::StatusOr<v1::Operation> Begin(absl::string_view verb, absl::string_view target, absl::string_view requestor);
  // For the call that does it; null when there is none. It may outlive the operation, not the table.
  std::shared_ptr<drivers::Progress> ProgressOf(absl::string_view name);
  // It has ended, well or with an error. An end that cannot be stored is stored by a later Maintain.
  void End(absl::string_view name, const absl::Status& status);

  // An operation is as visible as the object it is for.
  v1::ListOperationsResponse List(bool running, const auth::Access& access) const;
  // OPERATION_NOT_FOUND, PERMISSION_DENIED.
  absl::StatusOr<v1::Operation> Get(absl::string_view name, const auth::Access& access) const;
  // OPERATION_NOT_CANCELLABLE.
  absl::StatusOr<v1::Operation> Cancel(absl::string_view name, const auth::Access& access);
  void Wait(const v1::WaitOperationRequest& request, const auth::Access& access, Done<v1::Operation> done);

  // Drops those that ended long ago or are too many.
  absl::Status Maintain();

 private:
  class RunningProgress;
  struct Waiter {
    Done<v1::Operation> done;
    util::Timers::Id timer = 0;
  };
  struct Item {
    v1::Operation operation;
    std::shared_ptr<std::atomic<bool>> cancelled = std::make_shared<std::atomic<bool>>(false);
    std::map<uint64_t, Waiter> waiters;
    bool stored = true;
  };

  // Null when there is none. Under the lock.
  const Item* Find(absl::string_view name) const;
  Item* Find(absl::string_view name);
  void Report(absl::string_view name, absl::string_view phase, uint32_t percent);
  void TimedOut(const std::string& name, uint64_t waiter);

  Store* const store_;
  const util::Clock* const clock_;
  util::Timers* const timers_;
  const absl::Duration age_;
  const size_t count_;
  mutable std::mutex mutex_;
  std::map<int64_t, Item> items_;
  int64_t last_number_ = 0;
  uint64_t last_waiter_ = 0;
};

}  // namespace reeve::state

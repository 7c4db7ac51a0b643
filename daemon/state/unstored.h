// What has happened to guests and could not be stored yet.
#pragma once

#include <deque>
#include <functional>
#include <mutex>
#include <string>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "absl/time/time.h"
#include "daemon/state/executor.h"
#include "util/timers.h"

namespace reeve::state {

// Keeps changes that cannot be taken back until the store takes them: each is tried again after a growing delay, in the
// domain's own queue, and before any other change of it. Thread-safe; Flush and Add of one key only in jobs of that
// key.
class UnstoredChanges {
 public:
  using Store = std::function<absl::Status()>;

  UnstoredChanges(Executor* executor, util::Timers* timers, absl::Duration first, absl::Duration last)
      : executor_(executor), timers_(timers), first_(first), last_(last), delay_(first) {}
  ~UnstoredChanges() { Stop(); }
  // No more retries; after it the executor may go.
  void Stop();

  // Keeps a change, behind those of the same domain that are kept already.
  void Add(const std::string& key, Store store);
  // Tries what is kept of a domain, in order: the error of the first that cannot be stored.
  absl::Status Flush(const std::string& key);
  [[nodiscard]] size_t size() const;

 private:
  void SetTimer();
  void Retry();

  Executor* const executor_;
  util::Timers* const timers_;
  const absl::Duration first_;
  const absl::Duration last_;
  mutable std::mutex mutex_;
  absl::Duration delay_;
  util::Timers::Id timer_ = 0;
  bool ending_ = false;
  absl::flat_hash_map<std::string, std::deque<Store>> kept_;
};

}  // namespace reeve::state

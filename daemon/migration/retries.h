// What is to be tried again later.
#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/time.h"
#include "util/timers.h"

namespace reeve::migration {

// Calls actions after a delay that grows from one to the next of the same key. Thread-safe.
class Retries {
 public:
  // The timers outlive it.
  Retries(util::Timers* timers, absl::Duration first, absl::Duration last)
      : timers_(timers), first_(first), last_(last) {}
  ~Retries() { Stop(); }

  // `action` must be cheap. Nothing happens behind Stop.
  void Later(const std::string& key, std::function<void()> action);
  // The next delay of the key is the first again.
  void Forget(const std::string& key);
  // No action is called any more when it returns.
  void Stop();

 private:
  util::Timers* const timers_;
  const absl::Duration first_;
  const absl::Duration last_;
  absl::Mutex mutex_;
  std::map<std::string, absl::Duration> delays_ ABSL_GUARDED_BY(mutex_);
  std::set<util::Timers::Id> set_ ABSL_GUARDED_BY(mutex_);
  bool stopped_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace reeve::migration

#include "daemon/migration/retries.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace reeve::migration {

void Retries::Later(const std::string& key, std::function<void()> action) {
  const absl::MutexLock lock(&mutex_);
  if (stopped_) return;
  absl::Duration& next = delays_.try_emplace(key, first_).first->second;
  const absl::Duration delay = next;
  next = std::min(next * 2, last_);
  // Known to the callback when the lock is given back.
  auto timer = std::make_shared<util::Timers::Id>(0);
  *timer = timers_->After(delay, [this, timer, action = std::move(action)] {
    {
      const absl::MutexLock lock(&mutex_);
      if (stopped_) return;
    }
    action();
    const absl::MutexLock lock(&mutex_);
    set_.erase(*timer);
  });
  set_.insert(*timer);
}

void Retries::Forget(const std::string& key) {
  const absl::MutexLock lock(&mutex_);
  delays_.erase(key);
}

void Retries::Stop() {
  std::set<util::Timers::Id> set;
  {
    const absl::MutexLock lock(&mutex_);
    stopped_ = true;
    set = set_;
  }
  // Not under the lock: it waits for one that is being called.
  for (const util::Timers::Id timer : set) timers_->Cancel(timer);
}

}  // namespace reeve::migration

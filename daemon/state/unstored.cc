#include "daemon/state/unstored.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "proto/status.h"
#include "util/log.h"

namespace reeve::state {

void UnstoredChanges::Stop() {
  util::Timers::Id timer = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
    timer = std::exchange(timer_, 0);
  }
  if (timer != 0) timers_->Cancel(timer);
}

void UnstoredChanges::Add(const std::string& key, Store store) {
  util::LogError(key, ": a change of the guest cannot be stored now and is kept in memory");
  const std::lock_guard<std::mutex> lock(mutex_);
  kept_[key].push_back(std::move(store));
  if (timer_ == 0 && !ending_) SetTimer();
}

absl::Status UnstoredChanges::Flush(const std::string& key) {
  while (true) {
    Store store;
    {
      const std::lock_guard<std::mutex> lock(mutex_);
      const auto kept = kept_.find(key);
      if (kept == kept_.end()) return absl::OkStatus();
      store = kept->second.front();
    }
    if (absl::Status status = store(); !status.ok()) {
      return WithContext("its last change is not stored yet", status);
    }
    const std::lock_guard<std::mutex> lock(mutex_);
    const auto kept = kept_.find(key);
    kept->second.pop_front();
    if (kept->second.empty()) kept_.erase(kept);
    delay_ = first_;
    util::LogInfo(key, ": a change kept in memory is stored now");
  }
}

size_t UnstoredChanges::size() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  return kept_.size();
}

void UnstoredChanges::SetTimer() {
  timer_ = timers_->After(delay_, [this] { Retry(); });
  delay_ = std::min(delay_ * 2, last_);
}

void UnstoredChanges::Retry() {
  std::vector<std::string> keys;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ending_) return;
    for (const auto& [key, kept] : kept_) keys.push_back(key);
  }
  for (const std::string& key : keys) {
    executor_->SubmitAlways(key, [this, key] {
      if (absl::Status status = Flush(key); !status.ok()) util::LogWarn(key, ": ", status.message());
    });
  }
  // Last: until here Stop finds this timer and waits for it.
  const std::lock_guard<std::mutex> lock(mutex_);
  if (ending_) return;
  timer_ = 0;
  if (!kept_.empty()) SetTimer();
}

}  // namespace reeve::state

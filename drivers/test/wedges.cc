#include "drivers/test/wedges.h"

#include <chrono>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::test_driver {

absl::StatusOr<uint32_t> Wedges::Set(const std::string& domain, bool wedged) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const auto found = wedges_.find(domain);
  if (!wedged) {
    if (found != wedges_.end()) {
      found->second->released = true;
      wedges_.erase(found);
      changed_.notify_all();
    }
    return 0;
  }
  if (disabled_) return 0;
  if (found != wedges_.end()) return found->second->waiting;
  if (wedges_.size() >= kMaxNames) {
    return Error(v1::REASON_REQUEST_INVALID, absl::StrCat("more than ", kMaxNames, " domains cannot be wedged"),
                 {{"domain", domain}});
  }
  wedges_.emplace(domain, std::make_shared<Wedge>());
  return 0;
}

void Wedges::ReleaseAll() {
  const std::lock_guard<std::mutex> lock(mutex_);
  disabled_ = true;
  for (auto& [domain, wedge] : wedges_) wedge->released = true;
  wedges_.clear();
  changed_.notify_all();
}

void Wedges::Wait(const std::string& domain) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto found = wedges_.find(domain);
  if (found == wedges_.end()) return;
  const std::shared_ptr<Wedge> wedge = found->second;
  ++wedge->waiting;
  changed_.wait(lock, [&] { return wedge->released; });
}

bool Wedges::WaitUnless(const std::string& domain, const std::function<bool()>& cancelled) {
  std::unique_lock<std::mutex> lock(mutex_);
  const auto found = wedges_.find(domain);
  if (found == wedges_.end()) return true;
  const std::shared_ptr<Wedge> wedge = found->second;
  ++wedge->waiting;
  while (!wedge->released) {
    // Asked without the lock: it is the caller's code.
    lock.unlock();
    const bool stop = cancelled();
    lock.lock();
    if (stop) {
      --wedge->waiting;
      return false;
    }
    changed_.wait_for(lock, std::chrono::milliseconds(5), [&] { return wedge->released; });
  }
  return true;
}

}  // namespace reeve::test_driver

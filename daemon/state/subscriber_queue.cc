#include "daemon/state/subscriber_queue.h"

#include <utility>

#include "absl/container/flat_hash_map.h"
#include "absl/numeric/bits.h"

namespace reeve::state {
namespace {

// The queue whose `ready` this thread is calling: Close must not wait for it then.
thread_local const SubscriberQueue* calling_now = nullptr;

}  // namespace

void SubscriberQueue::Push(const std::shared_ptr<JournalRecord>& record) {
  const JournalRecord::Mask mask = filter_.Choose(*record);
  // Sizes are those of the view FULL: an upper bound that costs nothing to know.
  const size_t bytes = mask == 0 ? 0 : record->Message(v1::DOMAIN_VIEW_FULL, record->all())->size();
  std::unique_lock<std::mutex> lock(mutex_);
  if (closed_ || overflowed_ || record->revision() <= floor_) return;
  seen_ = record->revision();
  if (mask == 0) return;
  items_.push_back({record, mask, {}});
  events_ += absl::popcount(mask);
  bytes_ += bytes;
  if (OverBudget()) {
    if (reading_store_) {
      floor_ = record->revision();
      Clear();
      return;
    }
    Coalesce();
    if (events_ > budget_.events * 3 / 4 || bytes_ > budget_.bytes / 4 * 3) {
      overflowed_ = true;
      Clear();
    }
  }
  Wake(lock);
}

void SubscriberQueue::ProgressDue() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (!std::exchange(sent_, false) && items_.empty() && !reading_store_ && !closed_) {
    progress_due_ = true;
    Wake(lock);
  }
}

SubscriberQueue::Taken SubscriberQueue::Take() {
  std::unique_lock<std::mutex> lock(mutex_);
  if (overflowed_) return {State::kOverflowed, nullptr};
  if (items_.empty()) {
    if (!std::exchange(progress_due_, false)) {
      armed_ = true;
      return {State::kEmpty, nullptr};
    }
    v1::WatchResponse progress;
    progress.set_revision(seen_);
    progress.set_progress(true);
    return {State::kMessage, std::make_shared<const std::string>(progress.SerializeAsString())};
  }
  const Item item = std::move(items_.front());
  items_.pop_front();
  events_ -= absl::popcount(item.mask);
  bytes_ -= item.record->Message(v1::DOMAIN_VIEW_FULL, item.record->all())->size();
  sent_ = true;
  progress_due_ = false;
  lock.unlock();
  if (item.coalesced.empty()) return {State::kMessage, item.record->Message(view_, item.mask)};
  return {State::kMessage,
          std::make_shared<const std::string>(item.record->CoalescedMessage(view_, item.mask, item.coalesced))};
}

std::optional<int64_t> SubscriberQueue::FinishReading(int64_t read) {
  const std::lock_guard<std::mutex> lock(mutex_);
  sent_ = true;
  if (read < floor_) return floor_;
  reading_store_ = false;
  return std::nullopt;
}

void SubscriberQueue::Close() {
  std::unique_lock<std::mutex> lock(mutex_);
  closed_ = true;
  Clear();
  const int own = calling_now == this ? 1 : 0;
  called_.wait(lock, [&] { return calling_ <= own; });
}

void SubscriberQueue::Coalesce() {
  // By uid and name, for a domain that is renamed goes under one and comes under the other: the count of the event that
  // is kept.
  absl::flat_hash_map<std::pair<absl::string_view, absl::string_view>, uint32_t*> newest;
  for (auto item = items_.rbegin(); item != items_.rend(); ++item) {
    const std::vector<EventSummary>& events = item->record->events();
    if (item->coalesced.empty()) item->coalesced.resize(events.size());
    for (size_t i = events.size(); i-- > 0;) {
      if ((item->mask >> i & 1) == 0) continue;
      const auto [kept, is_newest] = newest.try_emplace({events[i].uid, events[i].name}, &item->coalesced[i]);
      if (is_newest) continue;
      *kept->second += 1 + item->coalesced[i];
      item->mask &= ~(JournalRecord::Mask{1} << i);
    }
  }
  std::deque<Item> kept;
  events_ = bytes_ = 0;
  for (Item& item : items_) {
    if (item.mask == 0) continue;
    events_ += absl::popcount(item.mask);
    bytes_ += item.record->Message(v1::DOMAIN_VIEW_FULL, item.record->all())->size();
    bool any = false;
    for (const uint32_t count : item.coalesced) any = any || count != 0;
    if (!any) item.coalesced.clear();
    kept.push_back(std::move(item));
  }
  items_ = std::move(kept);
}

void SubscriberQueue::Clear() {
  items_.clear();
  events_ = bytes_ = 0;
}

void SubscriberQueue::Wake(std::unique_lock<std::mutex>& lock) {
  if (!std::exchange(armed_, false)) return;
  ++calling_;
  lock.unlock();
  const SubscriberQueue* outer = std::exchange(calling_now, this);
  ready_();
  calling_now = outer;
  lock.lock();
  --calling_;
  // Under the lock: behind it Close may return and the queue be gone, were it not for the pusher's shared_ptr.
  called_.notify_all();
}

}  // namespace reeve::state

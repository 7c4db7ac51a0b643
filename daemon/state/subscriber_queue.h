// The events that wait for one watcher.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <vector>

#include "daemon/state/journal_record.h"
#include "daemon/state/watch_filter.h"

namespace reeve::state {

// Filled by the hub, in order of revisions, emptied by the watcher. When it holds more than its budget, only the newest
// event of each object is kept, and counts those left out; if more than three quarters of the budget are taken even
// then, the queue has overflowed for good. While the watcher still reads the store it does not overflow: what does not
// fit is read from the store too. Thread-safe.
class SubscriberQueue {
 public:
  struct Budget {
    size_t events = 1000;
    size_t bytes = 4 << 20;  // of messages as they are stored, in view FULL
  };

  // Takes events behind revision `floor`; up to it the watcher reads the store first, and then calls FinishReading.
  SubscriberQueue(WatchFilter filter, v1::DomainView view, Budget budget, int64_t floor, std::function<void()> ready)
      : filter_(std::move(filter)),
        view_(view),
        budget_(budget),
        ready_(std::move(ready)),
        floor_(floor),
        seen_(floor) {}

  // For the hub.
  void Push(const std::shared_ptr<JournalRecord>& record);
  // Makes the watcher tell its revision if it has sent nothing since the last call and has nothing to send.
  void ProgressDue();

  // For the watcher.
  enum class State { kMessage, kEmpty, kOverflowed };
  struct Taken {
    State state = State::kEmpty;
    SharedMessage message;
  };
  // The next message. With kEmpty the queue is armed: `ready` is called once when there is more.
  Taken Take();
  // Up to which revision the store must be read before the queue; none when it has been told that all is read and
  // nothing had to be left to the store since.
  std::optional<int64_t> FinishReading(int64_t read);
  // After it `ready` is not called any more; waits for a call being made by another thread.
  void Close();

  [[nodiscard]] const WatchFilter& filter() const { return filter_; }
  [[nodiscard]] v1::DomainView view() const { return view_; }

 private:
  struct Item {
    std::shared_ptr<JournalRecord> record;
    JournalRecord::Mask mask = 0;
    std::vector<uint32_t> coalesced;  // per event of the record; empty: none
  };

  [[nodiscard]] bool OverBudget() const { return events_ > budget_.events || bytes_ > budget_.bytes; }
  void Coalesce();
  void Clear();
  void Wake(std::unique_lock<std::mutex>& lock);

  const WatchFilter filter_;
  const v1::DomainView view_;
  const Budget budget_;
  const std::function<void()> ready_;

  std::mutex mutex_;
  std::condition_variable called_;
  std::deque<Item> items_;
  size_t events_ = 0;
  size_t bytes_ = 0;
  int64_t floor_;
  int64_t seen_;  // newest revision that the hub has shown
  bool reading_store_ = true;
  bool overflowed_ = false;
  bool armed_ = false;
  bool closed_ = false;
  bool progress_due_ = false;
  bool sent_ = true;  // since the last ProgressDue
  int calling_ = 0;
};

}  // namespace reeve::state

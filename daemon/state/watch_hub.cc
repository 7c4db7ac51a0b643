#include "daemon/state/watch_hub.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/watch_subscription.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

template <typename Queues>
std::shared_ptr<const Queues> With(const Queues& queues, std::shared_ptr<SubscriberQueue> queue) {
  auto copy = std::make_shared<Queues>(queues);
  copy->push_back(std::move(queue));
  return copy;
}

template <typename Queues>
std::shared_ptr<const Queues> Without(const Queues& queues, const std::shared_ptr<SubscriberQueue>& queue) {
  auto copy = std::make_shared<Queues>(queues);
  copy->erase(std::remove(copy->begin(), copy->end(), queue), copy->end());
  return copy;
}

}  // namespace

WatchHub::WatchHub(Store* store, const Registry* registry, util::Timers* timers, SubscriberQueue::Budget budget,
                   absl::Duration progress_interval)
    : store_(store), registry_(registry), timers_(timers), budget_(budget), progress_interval_(progress_interval) {}

WatchHub::~WatchHub() {
  util::Timers::Id timer = 0;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
    timer = std::exchange(progress_timer_, 0);
  }
  changed_.notify_all();
  if (timer != 0) timers_->Cancel(timer);
  if (thread_.joinable()) thread_.join();
}

void WatchHub::Append(std::shared_ptr<JournalRecord> record) {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (queues_->empty()) return;
  pending_.push_back(std::move(record));
  changed_.notify_one();
}

absl::StatusOr<std::unique_ptr<Subscription>> WatchHub::Watch(const v1::WatchRequest& request, WatchFilter filter,
                                                              std::function<void()> ready) {
  v1::DomainView view = request.view();
  if (view == v1::DOMAIN_VIEW_UNSPECIFIED) view = v1::DOMAIN_VIEW_BASIC;
  if (view != v1::DOMAIN_VIEW_BASIC && view != v1::DOMAIN_VIEW_FULL) {
    absl::Status status = Error(v1::REASON_REQUEST_INVALID, "a watch has view BASIC or FULL");
    AddFieldViolation(&status, "view", "must be BASIC or FULL");
    return status;
  }
  if (request.start_revision() < 0) {
    absl::Status status = Error(v1::REASON_REQUEST_INVALID, "start_revision is negative");
    AddFieldViolation(&status, "start_revision", "must not be negative");
    return status;
  }

  const std::lock_guard<std::mutex> lock(mutex_);
  // A commit is in the registry before it is appended, and appending takes this lock: what is behind this snapshot will
  // be pushed into the queue, what is in it is read from the snapshot or the store.
  SnapshotPointer snapshot = registry_->snapshot();
  const int64_t newest = snapshot->revision();
  if (request.start_revision() > newest + 1) {
    return Error(v1::REASON_REVISION_UNKNOWN,
                 absl::StrCat("revision ", request.start_revision(), " lies in the future: the newest is ", newest),
                 {{"newest_revision", absl::StrCat(newest)}});
  }
  auto queue = std::make_shared<SubscriberQueue>(std::move(filter), view, budget_, newest, std::move(ready));
  queues_ = With(*queues_, queue);
  if (request.progress()) {
    progress_queues_ = With(*progress_queues_, queue);
    if (progress_timer_ == 0) SetProgressTimer();
  }
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
  watches_.fetch_add(1);
  return std::make_unique<WatchSubscription>(
      store_, queue, request.start_revision() == 0 ? std::move(snapshot) : nullptr, request.start_revision(), newest,
      request.until_current(), [this, queue] { Remove(queue); });
}

void WatchHub::Remove(const std::shared_ptr<SubscriberQueue>& queue) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    queues_ = Without(*queues_, queue);
    progress_queues_ = Without(*progress_queues_, queue);
  }
  watches_.fetch_sub(1);
}

void WatchHub::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return ending_ || !pending_.empty(); });
    if (ending_) return;
    const std::vector<std::shared_ptr<JournalRecord>> records = std::exchange(pending_, {});
    const std::shared_ptr<const Queues> queues = queues_;
    lock.unlock();
    for (const std::shared_ptr<JournalRecord>& record : records) {
      for (const std::shared_ptr<SubscriberQueue>& queue : *queues) queue->Push(record);
    }
    lock.lock();
  }
}

void WatchHub::SetProgressTimer() {
  progress_timer_ = timers_->After(progress_interval_, [this] { Progress(); });
}

void WatchHub::Progress() {
  std::shared_ptr<const Queues> queues;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (ending_) return;
    queues = progress_queues_;
  }
  for (const std::shared_ptr<SubscriberQueue>& queue : *queues) queue->ProgressDue();
  // Last: until here the destructor finds this timer and waits for it.
  const std::lock_guard<std::mutex> lock(mutex_);
  progress_timer_ = 0;
  if (!ending_ && !progress_queues_->empty()) SetProgressTimer();
}

}  // namespace reeve::state

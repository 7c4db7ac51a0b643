#include "daemon/state/watch_subscription.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "daemon/state/wire.h"
#include "proto/status.h"

namespace reeve::state {
namespace {

constexpr int kSnapshotObjects = 100;
constexpr size_t kSnapshotBytes = 256 << 10;

SharedMessage Serialize(const v1::WatchResponse& response) {
  return std::make_shared<const std::string>(response.SerializeAsString());
}

}  // namespace

WatchSubscription::WatchSubscription(Store* store, std::shared_ptr<SubscriberQueue> queue, SnapshotPointer snapshot,
                                     int64_t start_revision, int64_t newest, bool until_current,
                                     std::function<void()> on_end)
    : store_(store),
      queue_(std::move(queue)),
      until_current_(until_current),
      on_end_(std::move(on_end)),
      phase_(snapshot != nullptr ? Phase::kSnapshot : Phase::kStore),
      snapshot_(std::move(snapshot)),
      next_revision_(start_revision),
      read_until_(newest) {
  if (snapshot_ != nullptr) snapshot_next_ = snapshot_->Range(queue_->filter().hypervisor()).first;
}

WatchSubscription::~WatchSubscription() {
  on_end_();
  queue_->Close();
}

absl::Status WatchSubscription::End(absl::Status status) {
  phase_ = Phase::kEnded;
  end_ = std::move(status);
  return end_;
}

absl::StatusOr<SharedMessage> WatchSubscription::Next() {
  switch (phase_) {
    case Phase::kSnapshot:
      return NextOfSnapshot();
    case Phase::kStore:
      return NextOfStore();
    case Phase::kLive:
      return NextLive();
    case Phase::kEnded:
      break;
  }
  if (!end_.ok()) return end_;
  return SharedMessage();
}

SharedMessage WatchSubscription::NextOfSnapshot() {
  const size_t end = snapshot_->Range(queue_->filter().hypervisor()).second;
  std::string message;
  for (int objects = 0; snapshot_next_ < end && objects < kSnapshotObjects && message.size() < kSnapshotBytes;
       ++snapshot_next_) {
    const Entry& entry = *snapshot_->entries()[snapshot_next_];
    if (!queue_->filter().Matches({v1::EVENT_TYPE_PRESENT, entry.key->hypervisor, entry.key->name, entry.key->uid})) {
      continue;
    }
    std::string event;
    AppendVarintField(&event, v1::Event::kTypeFieldNumber, v1::EVENT_TYPE_PRESENT);
    AppendBytesField(&event, v1::Event::kDomainFieldNumber,
                     queue_->view() == v1::DOMAIN_VIEW_FULL ? entry.full : entry.basic);
    AppendBytesField(&message, v1::WatchResponse::kEventsFieldNumber, event);
    ++objects;
  }
  if (!message.empty()) return std::make_shared<const std::string>(std::move(message));
  v1::WatchResponse done;
  done.set_revision(snapshot_->revision());
  done.set_snapshot_done(true);
  next_revision_ = snapshot_->revision() + 1;
  snapshot_.reset();
  finished_ = until_current_;
  phase_ = until_current_ ? Phase::kEnded : Phase::kStore;
  return Serialize(done);
}

SharedMessage WatchSubscription::EndCompacted() {
  const int64_t oldest = store_->journal().oldest;
  v1::WatchResponse response;
  response.mutable_compacted()->set_oldest_revision(oldest);
  (void)End(Error(v1::REASON_REVISION_COMPACTED,
                  absl::StrCat("the journal begins at revision ", oldest, ", behind ", next_revision_),
                  {{"oldest_revision", absl::StrCat(oldest)}}));
  return Serialize(response);
}

absl::Status WatchSubscription::FillBatch() {
  absl::StatusOr<std::vector<JournalRow>> rows = store_->ReadJournal(next_revision_, read_until_);
  if (!rows.ok()) return rows.status();
  batch_.assign(std::make_move_iterator(rows->begin()), std::make_move_iterator(rows->end()));
  return absl::OkStatus();
}

absl::StatusOr<SharedMessage> WatchSubscription::NextOfStore() {
  while (true) {
    if (next_revision_ > read_until_) {
      if (until_current_) {
        finished_ = true;
        phase_ = Phase::kEnded;
        return SharedMessage();
      }
      const std::optional<int64_t> further = queue_->FinishReading(read_until_);
      if (!further.has_value()) {
        phase_ = Phase::kLive;
        return NextLive();
      }
      read_until_ = *further;
    }
    if (batch_.empty()) {
      if (next_revision_ < store_->journal().oldest) return EndCompacted();
      if (absl::Status status = FillBatch(); !status.ok()) return End(status);
    }
    if (batch_.empty() || batch_.front().revision != next_revision_) {
      // Compaction has been faster; or the journal has a gap, which must not be passed over.
      if (next_revision_ < store_->journal().oldest) return EndCompacted();
      return End(Error(v1::REASON_RESYNC_REQUIRED,
                       absl::StrCat("revision ", next_revision_, " is missing in the journal: start from a snapshot")));
    }
    absl::StatusOr<std::shared_ptr<JournalRecord>> record = JournalRecord::Parse(std::move(batch_.front().events));
    batch_.pop_front();
    if (!record.ok()) {
      return End(Error(v1::REASON_RESYNC_REQUIRED, absl::StrCat("revision ", next_revision_, " cannot be read: ",
                                                                record.status().message(), "; start from a snapshot")));
    }
    ++next_revision_;
    if (const JournalRecord::Mask mask = queue_->filter().Choose(**record); mask != 0) {
      return (*record)->Message(queue_->view(), mask);
    }
  }
}

absl::StatusOr<SharedMessage> WatchSubscription::NextLive() {
  SubscriberQueue::Taken taken = queue_->Take();
  switch (taken.state) {
    case SubscriberQueue::State::kMessage:
      return std::move(taken.message);
    case SubscriberQueue::State::kEmpty:
      return SharedMessage();
    case SubscriberQueue::State::kOverflowed:
      break;
  }
  return End(Error(v1::REASON_RESYNC_REQUIRED,
                   "the watcher reads too slowly: events are left out, it must start again from a snapshot"));
}

}  // namespace reeve::state

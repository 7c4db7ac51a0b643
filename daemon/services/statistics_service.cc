#include "daemon/services/statistics_service.h"

#include <deque>
#include <utility>

#include "absl/base/thread_annotations.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/time/clock.h"
#include "daemon/services/caller.h"
#include "util/proto_time.h"

namespace reeve::services {
namespace {

constexpr absl::Duration kShortest = absl::Milliseconds(100);
constexpr absl::Duration kLongest = absl::Hours(1);

absl::Status Invalid(absl::string_view field, absl::string_view message) {
  absl::Status status = Error(v1::REASON_REQUEST_INVALID, absl::StrCat("watch statistics: ", field, " ", message));
  AddFieldViolation(&status, field, message);
  return status;
}

absl::StatusOr<absl::Duration> IntervalOf(const v1::WatchStatisticsRequest& request) {
  if (!request.has_interval()) return absl::Seconds(1);
  const int64_t seconds = request.interval().seconds();
  const int32_t nanos = request.interval().nanos();
  const absl::Duration interval = absl::Seconds(seconds) + absl::Nanoseconds(nanos);
  if (nanos <= -1000000000 || nanos >= 1000000000 || interval < kShortest || interval > kLongest) {
    return Invalid("interval", "must be 100 ms to 1 h");
  }
  return interval;
}

// One watcher. A round that comes due while the one before is still being sent is left out. Thread-safe.
class Watcher : public std::enable_shared_from_this<Watcher> {
 public:
  Watcher(state::Manager* manager, WorkerPool* workers, std::shared_ptr<ServerStream> stream, state::Caller caller,
          v1::WatchStatisticsRequest request, absl::Duration interval)
      : manager_(manager),
        workers_(workers),
        stream_(std::move(stream)),
        caller_(std::move(caller)),
        request_(std::move(request)),
        interval_(interval) {}

  void Begin() {
    workers_->Post([self = shared_from_this()] { self->Round(); });
  }
  void End() {
    const absl::MutexLock lock(&mutex_);
    ended_ = true;
  }

 private:
  void Round() {
    bool sample = false;
    uint64_t round = 0;
    {
      const absl::MutexLock lock(&mutex_);
      if (ended_) return;
      sample = queue_.empty() && !writing_;
      round = ++round_;
    }
    const bool last = request_.rounds() != 0 && round >= request_.rounds();
    if (!last) {
      workers_->PostAfter(interval_, [weak = weak_from_this()] {
        if (const std::shared_ptr<Watcher> self = weak.lock()) self->Round();
      });
    }
    if (sample) Sample(round);
    const absl::MutexLock lock(&mutex_);
    last_ = last_ || last;
    Next();
  }

  void Sample(uint64_t round) {
    const absl::Time now = absl::Now();
    absl::StatusOr<std::vector<v1::WatchStatisticsResponse>> messages = manager_->SampleDomains(caller_, request_);
    if (!messages.ok()) {
      End();
      return stream_->Finish(messages.status());
    }
    const absl::MutexLock lock(&mutex_);
    for (v1::WatchStatisticsResponse& message : *messages) {
      message.set_round(round);
      *message.mutable_time() = util::ToProto(now);
      queue_.push_back(std::make_shared<const std::string>(message.SerializeAsString()));
    }
  }

  void Next() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (writing_ || ended_) return;
    if (queue_.empty()) {
      if (!last_) return;
      ended_ = true;
      return stream_->Finish(absl::OkStatus());
    }
    writing_ = true;
    std::shared_ptr<const std::string> message = std::move(queue_.front());
    queue_.pop_front();
    stream_->Write(std::move(message), [self = shared_from_this()](bool ok) {
      const absl::MutexLock lock(&self->mutex_);
      self->writing_ = false;
      if (ok) self->Next();
    });
  }

  state::Manager* const manager_;
  WorkerPool* const workers_;
  const std::shared_ptr<ServerStream> stream_;
  const state::Caller caller_;
  const v1::WatchStatisticsRequest request_;
  const absl::Duration interval_;
  absl::Mutex mutex_;
  std::deque<std::shared_ptr<const std::string>> queue_ ABSL_GUARDED_BY(mutex_);
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool last_ ABSL_GUARDED_BY(mutex_) = false;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  uint64_t round_ ABSL_GUARDED_BY(mutex_) = 0;
};

class WatchHandler final : public StreamHandler {
 public:
  explicit WatchHandler(std::shared_ptr<Watcher> watcher) : watcher_(std::move(watcher)) {}
  void OnEnd() override { watcher_->End(); }

 private:
  const std::shared_ptr<Watcher> watcher_;
};

}  // namespace

void RegisterStatisticsService(Dispatcher* dispatcher, state::Manager* manager, WorkerPool* workers) {
  dispatcher->Stream(
      methods::kWatchStatistics,
      [manager, workers](CallPointer call, const v1::WatchStatisticsRequest& request,
                         std::shared_ptr<ServerStream> stream) -> absl::StatusOr<std::unique_ptr<StreamHandler>> {
        absl::StatusOr<absl::Duration> interval = IntervalOf(request);
        if (!interval.ok()) return interval.status();
        auto watcher = std::make_shared<Watcher>(manager, workers, std::move(stream), CallerOf(*call), request, *interval);
        watcher->Begin();
        return std::make_unique<WatchHandler>(std::move(watcher));
      });
}

}  // namespace reeve::services

#include "client/reconnecting_watch.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::client {
namespace {

constexpr absl::Duration kLongestPoll = absl::Hours(1);

}  // namespace

Waiter PollingWaiter(int interrupt_fd) {
  return [interrupt_fd](int fd, absl::Duration timeout) {
    const util::Clock& clock = util::Clock::Real();
    const absl::Duration until = clock.Monotonic() + timeout;
    pollfd polled[2] = {{fd, POLLIN, 0}, {interrupt_fd, POLLIN, 0}};
    while (true) {
      const absl::Duration left = until - clock.Monotonic();
      if (left <= absl::ZeroDuration()) return Waited::kTimedOut;
      // Rounded up: a poll that is a fraction too short would turn in a circle.
      const int milliseconds = static_cast<int>(absl::ToInt64Milliseconds(std::min(left, kLongestPoll))) + 1;
      if (::poll(polled, 2, milliseconds) <= 0) continue;  // EINTR, or the time
      if (polled[1].revents != 0) return Waited::kInterrupted;
      if (polled[0].revents != 0) return Waited::kReady;
    }
  };
}

absl::StatusOr<std::unique_ptr<ReconnectingWatch>> ReconnectingWatch::Start(Connection* connection,
                                                                            const v1::WatchRequest& request,
                                                                            Options options, Waiter wait,
                                                                            const util::Clock* clock) {
  auto watch = Watch::Start(connection, request);
  if (!watch.ok()) return watch.status();
  return std::unique_ptr<ReconnectingWatch>(
      new ReconnectingWatch(*std::move(watch), std::move(options), std::move(wait), clock));
}

absl::StatusOr<ReconnectingWatch::Next> ReconnectingWatch::Take(v1::WatchResponse* response, absl::Duration timeout) {
  const absl::Duration until = clock_->Monotonic() + timeout;
  while (true) {
    if (lost_) {
      auto tried = TryAgain(until);
      if (!tried.ok() || *tried != Next::kMessage) return tried;
    }
    switch (watch_->Take(response)) {
      case Taken::kMessage:
        back_off_.Reset();
        return Next::kMessage;
      case Taken::kEnded: {
        const absl::Status cause = watch_->status();
        if (cause.ok()) return Next::kEnded;
        if (!IsLoss(cause)) return cause;
        Lose(cause);
        continue;
      }
      case Taken::kNothing:
        break;
    }
    switch (wait_(watch_->ready_fd(), until - clock_->Monotonic())) {
      case Waited::kReady:
        break;
      case Waited::kTimedOut:
        return Next::kTimedOut;
      case Waited::kInterrupted:
        return Next::kInterrupted;
    }
  }
}

bool ReconnectingWatch::IsLoss(const absl::Status& cause) const {
  if (options_.patience <= absl::ZeroDuration()) return false;
  if (IsConnectionLost(cause)) return true;
  // gRPC's own, when all clients together send more than it may hold.
  if (absl::IsResourceExhausted(cause) && ReasonOf(cause) == v1::REASON_UNSPECIFIED) return true;
  switch (ReasonOf(cause)) {
    case v1::REASON_DAEMON_DRAINING:
    case v1::REASON_RESYNC_REQUIRED:
      return true;
    case v1::REASON_REVISION_COMPACTED:
      // Whoever asked for a revision that is gone is told so; a stream that was away for too long goes on.
      return resumed_;
    default:
      return false;
  }
}

void ReconnectingWatch::Lose(const absl::Status& cause) {
  lost_ = true;
  give_up_ = clock_->Monotonic() + options_.patience;
  next_attempt_ = clock_->Monotonic();
  // The first attempt is made at once, unless the one before has led to nothing: a daemon that ends each stream at its
  // beginning is not called in a circle.
  const absl::Duration pause = back_off_.Next();
  if (resumed_) next_attempt_ += pause;
  if (options_.on_lost) options_.on_lost(cause);
}

absl::StatusOr<ReconnectingWatch::Next> ReconnectingWatch::TryAgain(absl::Duration until) {
  while (true) {
    const absl::Duration now = clock_->Monotonic();
    if (next_attempt_ > now) {
      const Waited waited = wait_(-1, std::min(next_attempt_, until) - now);
      if (waited == Waited::kInterrupted) return Next::kInterrupted;
      if (clock_->Monotonic() >= until) return Next::kTimedOut;
      continue;
    }
    const absl::Status status = watch_->Resume();
    if (status.ok()) break;
    if (status.code() == absl::StatusCode::kCancelled) return Next::kInterrupted;
    if (status.code() != absl::StatusCode::kUnavailable) return status;
    next_attempt_ = clock_->Monotonic() + back_off_.Next();
    if (next_attempt_ > give_up_) {
      return WithContext(absl::StrCat("the daemon has not come back within ", absl::FormatDuration(options_.patience)),
                         status);
    }
  }
  lost_ = false;
  resumed_ = true;
  if (options_.on_resumed) options_.on_resumed(watch_->revision());
  return Next::kMessage;
}

}  // namespace reeve::client

// The event stream as one that does not break.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "client/back_off.h"
#include "client/watch.h"
#include "util/clock.h"

namespace reeve::client {

// What a wait came to.
enum class Waited { kReady, kTimedOut, kInterrupted };

// Waits until `fd` (-1: none) is readable, at most so long; interrupted by Ctrl-C and the like.
using Waiter = std::function<Waited(int fd, absl::Duration timeout)>;

// Waits by poll(2) on `fd` and `interrupt_fd` (-1: none).
Waiter PollingWaiter(int interrupt_fd);

// A watch that connects again when the daemon restarts or the network fails, proves again who the caller is, and goes
// on behind the last revision seen: each event comes once and in order. If the daemon has let go of revisions
// meanwhile, its `compacted` message comes, with the oldest that it has, and the stream goes on from there. A loss
// while the present state was still on its way makes that come again from its beginning. Not thread-safe; the
// connection must outlive it.
class ReconnectingWatch {
 public:
  enum class Next { kMessage, kEnded, kTimedOut, kInterrupted };
  struct Options {
    BackOff::Limits back_off;
    // Given up when the daemon has not come back for so long; zero: a loss is final.
    absl::Duration patience = absl::InfiniteDuration();
    // May be null. A loss is told once, and so is its end, with the revision behind which it goes on.
    std::function<void(const absl::Status& cause)> on_lost;
    std::function<void(int64_t revision)> on_resumed;
  };

  static absl::StatusOr<std::unique_ptr<ReconnectingWatch>> Start(Connection* connection,
                                                                  const v1::WatchRequest& request, Options options,
                                                                  Waiter wait,
                                                                  const util::Clock* clock = &util::Clock::Real());

  // Waits for the next message, at most so long. kEnded: the daemon has sent all that was asked for (until_current). An
  // error is final: the daemon's refusal, or the last failure to connect when patience is at its end. Nothing is lost
  // by kTimedOut and kInterrupted: call again.
  absl::StatusOr<Next> Take(v1::WatchResponse* response, absl::Duration timeout);

  // As of Watch.
  int64_t revision() const { return watch_->revision(); }

 private:
  ReconnectingWatch(std::unique_ptr<Watch> watch, Options options, Waiter wait, const util::Clock* clock)
      : watch_(std::move(watch)),
        options_(std::move(options)),
        wait_(std::move(wait)),
        clock_(clock),
        back_off_(options_.back_off) {}

  // Whether the end of the stream is one that it shall go on behind.
  bool IsLoss(const absl::Status& cause) const;
  // Notes the loss of the stream.
  void Lose(const absl::Status& cause);
  // One pause and one attempt; kMessage: it is connected.
  absl::StatusOr<Next> TryAgain(absl::Duration until);

  const std::unique_ptr<Watch> watch_;
  const Options options_;
  const Waiter wait_;
  const util::Clock* const clock_;
  BackOff back_off_;
  // While it is lost.
  bool lost_ = false;
  absl::Duration give_up_;       // on the monotonic clock
  absl::Duration next_attempt_;  // likewise
  bool resumed_ = false;         // at least once
};

}  // namespace reeve::client

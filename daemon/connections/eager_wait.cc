#include "daemon/connections/eager_wait.h"

#include <algorithm>
#include <chrono>

namespace reeve::connections {
namespace {

constexpr int kForgiven = 2;
constexpr int kMostMisses = kForgiven + 6;
constexpr int kForever = -1;

}  // namespace

int EagerWait::Wait(int epoll, epoll_event* events, int size) {
  if (skipped_ > 0) {
    --skipped_;
    return epoll_wait(epoll, events, size, kForever);
  }
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + absl::ToChronoMicroseconds(kEagerness);
  do {
    const int count = epoll_wait(epoll, events, size, 0);
    if (count == 0) continue;
    misses_ = 0;
    return count;
  } while (Clock::now() < end);
  misses_ = std::min(misses_ + 1, kMostMisses);
  if (misses_ > kForgiven) skipped_ = (1 << (misses_ - kForgiven)) - 1;
  return epoll_wait(epoll, events, size, kForever);
}

}  // namespace reeve::connections

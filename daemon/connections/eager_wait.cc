#include "daemon/connections/eager_wait.h"

#include <algorithm>
#include <chrono>

namespace reeve::connections {
namespace {

constexpr int kForgiven = 2;
constexpr int kMostMisses = kForgiven + 6;
constexpr int kForever = -1;

}  // namespace

bool Eagerness::Next() {
  if (sleeping_ == 0) return true;
  --sleeping_;
  return false;
}

void Eagerness::InVain() {
  misses_ = std::min(misses_ + 1, kMostMisses);
  if (misses_ > kForgiven) sleeping_ = (1 << (misses_ - kForgiven)) - 1;
}

int EagerWait::Wait(int epoll, epoll_event* events, int size) {
  if (!eagerness_.Next()) return epoll_wait(epoll, events, size, kForever);
  using Clock = std::chrono::steady_clock;
  const Clock::time_point end = Clock::now() + absl::ToChronoMicroseconds(kEagerTime);
  do {
    const int count = epoll_wait(epoll, events, size, 0);
    if (count == 0) continue;
    eagerness_.Repaid();
    return count;
  } while (Clock::now() < end);
  eagerness_.InVain();
  return epoll_wait(epoll, events, size, kForever);
}

}  // namespace reeve::connections

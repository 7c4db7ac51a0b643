// Waiting on epoll that does not sleep at once.
#pragma once

#include <sys/epoll.h>

#include "absl/time/time.h"

namespace reeve::connections {

// When it is worth looking again instead of sleeping: as long as that is repaid. When it was not three times on end
// (once is the silence between two calls), it is done less and less often, down to one wait in 64.
class Eagerness {
 public:
  // Whether the wait that comes now looks before it sleeps.
  bool Next();
  // What came of that.
  void Repaid() { misses_ = 0; }
  void InVain();

 private:
  int misses_ = 0;    // on end, as far as that matters
  int sleeping_ = 0;  // so many waits sleep at once
};

// How long it looks: a call that is answered from memory takes less.
inline constexpr absl::Duration kEagerTime = absl::Microseconds(150);

// For one thread. One that passes on what two others say to each other is woken twice in every call, and each wake-up
// of an idle CPU costs about as much as all that the call itself does.
class EagerWait {
 public:
  // As epoll_wait(2) without a timeout.
  int Wait(int epoll, epoll_event* events, int size);

 private:
  Eagerness eagerness_;
};

}  // namespace reeve::connections

// Waiting on epoll that does not sleep at once.
#pragma once

#include <sys/epoll.h>

#include "absl/time/time.h"

namespace reeve::connections {

// How long it looks before it sleeps: a call that is answered from memory takes less.
inline constexpr absl::Duration kEagerness = absl::Microseconds(150);

// A thread that passes on what two others say to each other is woken twice in every call, and each wake-up of an idle
// CPU costs about as much as all that the call itself does. So this looks again and again for a while before it sleeps,
// as long as that is repaid. When it was not three times on end (once is the silence between two calls), it does so
// less and less often, down to one wait in 64. For one thread.
class EagerWait {
 public:
  // As epoll_wait(2) without a timeout.
  int Wait(int epoll, epoll_event* events, int size);
  // Whether the next wait would look before it sleeps. For tests.
  bool eager() const { return skipped_ == 0; }

 private:
  int misses_ = 0;   // one behind the other, as far as that matters
  int skipped_ = 0;  // so many waits sleep at once
};

}  // namespace reeve::connections

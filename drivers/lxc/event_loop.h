// One thread that waits for many descriptors.
#pragma once

#include <sys/epoll.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <unordered_map>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/synchronization/mutex.h"
#include "util/fd.h"

namespace reeve::lxc {

// Thread-safe. Handlers run on its thread, one at a time, and must not block. The descriptors belong to the callers,
// who remove them before they close them.
class EventLoop {
 public:
  using Handler = std::function<void(uint32_t events)>;

  static absl::StatusOr<std::unique_ptr<EventLoop>> Create();
  // As Stop. Must not happen on the loop's own thread: who shares the loop with its handlers stops it first.
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Ends the thread and waits for it; no handler runs after that, and the other calls do no harm. Not from a handler,
  // and by one caller; again is fine.
  void Stop();

  // Watches `fd` for EPOLL* events; 0: not yet, not even for its end. Returns a key that is never used again.
  absl::StatusOr<uint64_t> Add(int fd, uint32_t events, Handler handler);
  // Watches for other events.
  absl::Status Change(uint64_t key, uint32_t events);
  // After it returns the handler doesn't run and won't, and all it owns has been let go, unless it is called on the
  // loop's thread. A key that is gone is fine.
  void Remove(uint64_t key);
  // Whether the caller is the loop's thread.
  bool InThread() const;

 private:
  struct Watch {
    int fd = -1;
    uint32_t events = 0;
    Handler handler;
  };

  EventLoop(util::UniqueFd epoll, util::UniqueFd wakeup);
  void Run();
  void Dispatch(uint64_t key, uint32_t events);

  const util::UniqueFd epoll_;
  const util::UniqueFd wakeup_;
  absl::Mutex mutex_;
  std::unordered_map<uint64_t, std::shared_ptr<Watch>> watches_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_key_ ABSL_GUARDED_BY(mutex_) = 1;
  uint64_t running_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace reeve::lxc

// What a process in a guest gives, on its way to one client.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "daemon/services/call.h"

namespace reeve::services {

// Sends messages one behind the other. When more than 256 KiB wait, the process is to be held back; nothing is lost.
// Thread-safe.
class GuestOutput : public std::enable_shared_from_this<GuestOutput> {
 public:
  // `ready_changed` is called without a lock when ready() may have changed.
  GuestOutput(std::shared_ptr<ServerStream> stream, std::function<void()> ready_changed);

  void Add(std::string message);
  // Sends what waits and ends the stream.
  void Finish(const absl::Status& status);
  bool ready() const;

 private:
  void SendNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Sent(bool ok);

  const std::shared_ptr<ServerStream> stream_;
  const std::function<void()> ready_changed_;
  mutable absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = false;
  bool dead_ ABSL_GUARDED_BY(mutex_) = false;
  std::deque<std::string> waiting_ ABSL_GUARDED_BY(mutex_);
  size_t waiting_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<absl::Status> end_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::services

// What a guest writes, on its way to one client.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "daemon/services/call.h"

namespace reeve::services {

// Joins small pieces while a message is on its way. When more than 64 KiB wait it asks the driver to hold back, and
// drops the oldest beyond 256 KiB, which only a driver that does not listen brings about; what is lost is counted and
// told to the client. Thread-safe.
class ConsoleOutput : public std::enable_shared_from_this<ConsoleOutput> {
 public:
  // `ready_changed` is called without a lock when ready() may have changed.
  ConsoleOutput(std::shared_ptr<ServerStream> stream, std::function<void()> ready_changed);

  // The console is attached: sends `opened`, then what has come meanwhile.
  void Open(const std::string& domain);
  void Add(absl::string_view bytes, uint64_t lost_bytes);
  // Sends what waits and then `closed`, and ends the stream.
  void Close(const std::string& reason);
  // Whether the driver may give more.
  bool ready() const;

 private:
  void SendNext() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Sent(bool ok);
  bool ReadyLocked() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<ServerStream> stream_;
  const std::function<void()> ready_changed_;
  mutable absl::Mutex mutex_;
  bool writing_ ABSL_GUARDED_BY(mutex_) = true;  // until Open
  bool finished_ ABSL_GUARDED_BY(mutex_) = false;
  std::string waiting_ ABSL_GUARDED_BY(mutex_);
  uint64_t lost_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  std::optional<std::string> close_reason_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::services

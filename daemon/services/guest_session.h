// One call that has a process in a guest: what ExecService and FileService have in common.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "daemon/services/call.h"
#include "daemon/services/guest_output.h"
#include "daemon/services/worker_pool.h"
#include "drivers/guest_access.h"

namespace reeve::services {

// Joins a stream and a GuestProcess. The driver's calls come from its threads, the client's from gRPC's; opening and
// closing are left to a worker. Thread-safe; made by Create.
class GuestSession : public std::enable_shared_from_this<GuestSession> {
 public:
  using Opener = std::function<absl::StatusOr<std::unique_ptr<drivers::GuestProcess>>()>;

  static std::shared_ptr<GuestSession> Create(WorkerPool* workers, std::shared_ptr<ServerStream> stream);

  // Opens the process; `next` is called when that has been done. Once.
  void Open(Opener opener, std::function<void()> next);
  // What the process gets; `next` is called when it has taken it. Before Open has ended and after the end: dropped.
  void Write(std::string bytes, std::function<void()> next);
  void EndInput();
  absl::Status Resize(uint32_t columns, uint32_t rows);
  absl::Status Signal(uint32_t number);
  // The stream has ended: lets the process go, which ends it unless it was started detached.
  void End();

  GuestOutput& output() { return *output_; }
  void Fail(const absl::Status& status) { output_->Finish(status); }

 private:
  GuestSession(WorkerPool* workers, std::shared_ptr<ServerStream> stream)
      : workers_(workers), stream_(std::move(stream)) {}

  std::shared_ptr<drivers::GuestProcess> process();
  void PassReady();

  WorkerPool* const workers_;
  const std::shared_ptr<ServerStream> stream_;
  std::shared_ptr<GuestOutput> output_;
  absl::Mutex ready_mutex_;
  absl::Mutex mutex_;
  bool ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::shared_ptr<drivers::GuestProcess> process_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace reeve::services

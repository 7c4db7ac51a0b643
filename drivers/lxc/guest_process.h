// The daemon's end of a task in a guest.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "drivers/driver.h"
#include "drivers/lxc/event_loop.h"
#include "drivers/lxc/guest_task.h"
#include "reeve/v1/reasons.pb.h"
#include "util/fd.h"

namespace reeve::lxc {

// Which streams a task has, and what its failures are called.
struct TaskStreams {
  bool input = false;
  bool output = false;
  bool error_output = false;
  int given = -1;  // a descriptor that goes along
  v1::Reason failure = v1::REASON_DRIVER_FAILED;
};

// Pipes between the task and the reader, and its socket. What the reader does not take stays in the pipes, which hold
// the process back. Thread-safe; shared by the GuestProcess that the caller has and the event loop.
class TaskLink : public std::enable_shared_from_this<TaskLink> {
 public:
  // Makes socket and pipes and puts the request into the socket; `far` gets the socket's other end, for the supervisor.
  static absl::StatusOr<std::shared_ptr<TaskLink>> Create(std::shared_ptr<EventLoop> loop, const TaskRequest& request,
                                                          TaskStreams streams, drivers::GuestProcessReader reader,
                                                          util::UniqueFd* far);
  // Begins to tell the reader.
  absl::Status Watch();

  absl::Status Write(absl::string_view bytes);
  void EndInput();
  absl::Status Resize(uint32_t columns, uint32_t rows);
  absl::Status Signal(uint32_t number);
  void SetReady(bool ready);
  // Hangs up; the reader is told nothing more. Waits for a call of the reader that runs, unless made by it.
  void Detach();

 private:
  // A descriptor and its place in the loop.
  struct End {
    util::UniqueFd fd;
    uint64_t key = 0;
    uint32_t interest = 0;
    bool open = false;
  };

  TaskLink(std::shared_ptr<EventLoop> loop, TaskKind kind, TaskStreams streams, drivers::GuestProcessReader reader)
      : loop_(std::move(loop)), kind_(kind), failure_(streams.failure), reader_(std::move(reader)) {}

  absl::Status WatchEnd(End* end, void (TaskLink::*handler)(uint32_t)) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Reconsider() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Flush() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void HandleSocket(uint32_t events);
  void HandleInput(uint32_t events);
  void HandleOutput(uint32_t events) { ReadOutput(&output_, false, events); }
  void HandleErrorOutput(uint32_t events) { ReadOutput(&error_output_, true, events); }
  void ReadOutput(End* end, bool error_output, uint32_t events);
  void TakeReport(const TaskReport& report, util::UniqueFd descriptor);
  void TellReport(const TaskReport& report, util::UniqueFd descriptor);
  // Reads what a stream still has, whether the reader is ready or not.
  void Drain(End* end, bool error_output);
  // Tells the end, behind all output.
  void Finish();
  void CloseEnd(End* end);

  const std::shared_ptr<EventLoop> loop_;
  const TaskKind kind_;
  const v1::Reason failure_;
  const drivers::GuestProcessReader reader_;
  absl::Mutex mutex_;
  End socket_ ABSL_GUARDED_BY(mutex_);
  End input_ ABSL_GUARDED_BY(mutex_);  // of a terminal: nothing, for input and output are one
  End output_ ABSL_GUARDED_BY(mutex_);
  End error_output_ ABSL_GUARDED_BY(mutex_);
  bool terminal_ ABSL_GUARDED_BY(mutex_) = false;
  bool begun_ ABSL_GUARDED_BY(mutex_) = false;  // a report has been told
  bool ready_ ABSL_GUARDED_BY(mutex_) = true;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  bool input_ended_ ABSL_GUARDED_BY(mutex_) = false;
  std::string pending_ ABSL_GUARDED_BY(mutex_);
  std::optional<absl::StatusOr<v1::ExitStatus>> end_ ABSL_GUARDED_BY(mutex_);
};

// What the caller holds.
class LxcGuestProcess final : public drivers::GuestProcess {
 public:
  explicit LxcGuestProcess(std::shared_ptr<TaskLink> link) : link_(std::move(link)) {}
  ~LxcGuestProcess() override { link_->Detach(); }
  absl::Status Write(absl::string_view bytes) override { return link_->Write(bytes); }
  void EndInput() override { link_->EndInput(); }
  absl::Status Resize(uint32_t columns, uint32_t rows) override { return link_->Resize(columns, rows); }
  absl::Status Signal(uint32_t number) override { return link_->Signal(number); }
  void SetReady(bool ready) override { link_->SetReady(ready); }

 private:
  const std::shared_ptr<TaskLink> link_;
};

}  // namespace reeve::lxc

// The daemon's end of an attached console.
#pragma once

#include <memory>
#include <string>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/strings/string_view.h"
#include "absl/synchronization/mutex.h"
#include "drivers/driver.h"
#include "drivers/lxc/event_loop.h"
#include "util/fd.h"

namespace reeve::lxc {

// Thread-safe. Shared by the Console that the caller has, the event loop, and the container, which may take its right
// to write away. Output the reader does not take stays in the supervisor's ring.
class ConsoleLink : public std::enable_shared_from_this<ConsoleLink> {
 public:
  // `socket` is the near end of the pair whose other end goes to the supervisor; non-blocking.
  ConsoleLink(std::shared_ptr<EventLoop> loop, util::UniqueFd socket, drivers::ConsoleReader reader, bool read_only);

  absl::Status Watch();
  absl::Status Write(absl::string_view bytes);
  absl::Status Resize(uint32_t columns, uint32_t rows);
  void SetReady(bool ready);
  // Ends the connection; the reader is told the reason.
  void Close(const std::string& reason);
  // Ends the connection; the reader is told nothing more. Waits for a call of the reader that runs, unless made by it.
  void Detach();
  bool read_only() const { return read_only_; }
  bool closed() const;

 private:
  void Handle(uint32_t events);
  void ReadOutput();
  void Finish();
  void Flush() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Reconsider() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::shared_ptr<EventLoop> loop_;
  const util::UniqueFd socket_;
  const drivers::ConsoleReader reader_;
  const bool read_only_;
  mutable absl::Mutex mutex_;
  uint64_t key_ ABSL_GUARDED_BY(mutex_) = 0;
  bool ready_ ABSL_GUARDED_BY(mutex_) = true;
  bool closed_ ABSL_GUARDED_BY(mutex_) = false;
  std::string reason_ ABSL_GUARDED_BY(mutex_) = "the guest has ended";
  std::string pending_ ABSL_GUARDED_BY(mutex_);  // input that the supervisor has not taken
};

// What the caller of OpenConsole holds.
class LxcConsole : public drivers::Console {
 public:
  explicit LxcConsole(std::shared_ptr<ConsoleLink> link) : link_(std::move(link)) {}
  ~LxcConsole() override { link_->Detach(); }
  absl::Status Write(absl::string_view bytes) override { return link_->Write(bytes); }
  absl::Status Resize(uint32_t columns, uint32_t rows) override { return link_->Resize(columns, rows); }
  void SetReady(bool ready) override { link_->SetReady(ready); }

 private:
  const std::shared_ptr<ConsoleLink> link_;
};

}  // namespace reeve::lxc

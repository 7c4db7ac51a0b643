// The consoles of test guests: they echo what is written to them.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"
#include "drivers/driver.h"

namespace reeve::test_driver {

class EchoConsole;

// The one thread that calls the readers of all consoles; it starts with the first attachment. Thread-safe. It must
// outlive its consoles and what is attached to them.
class ConsoleThread {
 public:
  ConsoleThread() = default;
  ConsoleThread(const ConsoleThread&) = delete;
  ConsoleThread& operator=(const ConsoleThread&) = delete;
  ~ConsoleThread();

 private:
  friend class EchoConsole;
  struct Attachment;
  class Handle;

  void EnsureStarted();  // with mutex_ held
  void Run();
  void Detach(const std::shared_ptr<Attachment>& attachment);

  std::mutex mutex_;  // of this, of all consoles and all attachments
  std::condition_variable work_;
  std::condition_variable called_;  // a reader's call has returned
  std::vector<std::shared_ptr<Attachment>> attachments_;
  Attachment* calling_ = nullptr;
  bool ending_ = false;
  std::thread thread_;
};

// One console of one guest. Thread-safe; all methods return at once.
class EchoConsole : public std::enable_shared_from_this<EchoConsole> {
 public:
  static constexpr size_t kBufferBytes = 64 * 1024;

  // `thread` must outlive it.
  explicit EchoConsole(ConsoleThread* thread) : thread_(*thread) {}

  // As HypervisorDriver::OpenConsole. CONSOLE_BUSY.
  absl::StatusOr<std::unique_ptr<drivers::Console>> Attach(const drivers::ConsoleOptions& options,
                                                           drivers::ConsoleReader reader);
  // The guest writes.
  void Print(absl::string_view text);
  // The guest is frozen, or thawed: what is written is kept meanwhile.
  void SetPaused(bool paused);
  // The guest has ended: readers hear `reason`, later attachments hear it at once.
  void Close(const std::string& reason);

 private:
  friend class ConsoleThread;

  absl::Status Input(absl::string_view bytes);  // from the writer
  void Output(absl::string_view bytes);         // with the mutex held

  ConsoleThread& thread_;
  std::string scrollback_;
  std::string input_;  // written while paused
  bool paused_ = false;
  std::string closed_;  // why, when it is
  std::weak_ptr<ConsoleThread::Attachment> writer_;
};

}  // namespace reeve::test_driver

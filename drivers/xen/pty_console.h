// A guest's console: a pseudo terminal that xenconsoled or the device model serves.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "drivers/driver.h"
#include "util/fd.h"

namespace reeve::xen {

// One console, shared by all who are attached; one of them writes. The terminal is open only while somebody is
// attached: who reads a terminal takes its bytes away from `xl console`. What was read is kept (64 KiB) and given to
// those who come later. One thread from
// the first attachment on, which ends with Close: whoever made the console must close it. Thread-safe.
class PtyConsole : public std::enable_shared_from_this<PtyConsole> {
 public:
  static constexpr size_t kRingBytes = 64 * 1024;

  PtyConsole() = default;
  ~PtyConsole();
  PtyConsole(const PtyConsole&) = delete;
  PtyConsole& operator=(const PtyConsole&) = delete;

  // As HypervisorDriver::OpenConsole. `path` is the terminal's. CONSOLE_BUSY when another writes and force is not set.
  absl::StatusOr<std::unique_ptr<drivers::Console>> Attach(const std::string& path,
                                                           const drivers::ConsoleOptions& options,
                                                           drivers::ConsoleReader reader);
  // The guest is gone: readers hear `reason`.
  void Close(const std::string& reason);

 private:
  struct Attachment;
  class Handle;

  void Run();
  void ReadOutput(std::unique_lock<std::mutex>& lock);
  // Gives attachments what they have not seen and take; called by the thread with the lock, which it gives up
  // meanwhile.
  void Deliver(std::unique_lock<std::mutex>& lock);
  void Wake();
  void Detach(const std::shared_ptr<Attachment>& attachment);
  absl::Status Write(const std::shared_ptr<Attachment>& attachment, absl::string_view bytes);

  std::mutex mutex_;
  util::UniqueFd terminal_;
  util::UniqueFd wake_;
  std::thread thread_;
  bool ending_ = false;
  std::string ring_;         // the newest bytes
  uint64_t ring_begin_ = 0;  // number of the first byte in it, counted from the first ever read
  std::string input_;        // not yet taken by the terminal
  std::vector<std::shared_ptr<Attachment>> attachments_;
  std::shared_ptr<Attachment> writer_;
  std::shared_ptr<Attachment> calling_;  // whose reader the thread calls now
  std::vector<std::pair<std::shared_ptr<Attachment>, std::string>> closing_;
};

}  // namespace reeve::xen

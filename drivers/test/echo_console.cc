#include "drivers/test/echo_console.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"

namespace reeve::test_driver {

// Guarded by the mutex of the thread, but for `reader`, which never changes.
struct ConsoleThread::Attachment {
  std::shared_ptr<EchoConsole> console;
  drivers::ConsoleReader reader;
  bool read_only = false;
  bool ready = true;
  std::string pending;
  uint64_t lost_bytes = 0;
  std::string closed;  // on_closed is due

  void Append(absl::string_view bytes) {
    absl::StrAppend(&pending, bytes);
    if (pending.size() > EchoConsole::kBufferBytes) {
      const size_t excess = pending.size() - EchoConsole::kBufferBytes;
      lost_bytes += excess;
      pending.erase(0, excess);
    }
  }
  // What was written comes before the end of it.
  bool HasWork() const { return pending.empty() ? !closed.empty() : ready; }
};

// What OpenConsole gives away.
class ConsoleThread::Handle final : public drivers::Console {
 public:
  Handle(ConsoleThread& thread, std::shared_ptr<Attachment> attachment)
      : thread_(thread), attachment_(std::move(attachment)) {}
  ~Handle() override { thread_.Detach(attachment_); }

  absl::Status Write(absl::string_view bytes) override {
    if (attachment_->read_only) {
      return Error(v1::REASON_REQUEST_INVALID, "the console was attached read-only and takes no input");
    }
    const std::lock_guard<std::mutex> lock(thread_.mutex_);
    if (attachment_->console->writer_.lock() != attachment_) {
      return Error(v1::REASON_CONSOLE_BUSY, "another client has taken the console over");
    }
    return attachment_->console->Input(bytes);
  }
  // A test guest has no use for the size.
  absl::Status Resize(uint32_t, uint32_t) override { return absl::OkStatus(); }
  void SetReady(bool ready) override {
    const std::lock_guard<std::mutex> lock(thread_.mutex_);
    attachment_->ready = ready;
    thread_.work_.notify_one();
  }

 private:
  ConsoleThread& thread_;
  const std::shared_ptr<Attachment> attachment_;
};

ConsoleThread::~ConsoleThread() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    ending_ = true;
    work_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

void ConsoleThread::EnsureStarted() {
  if (!thread_.joinable()) thread_ = std::thread([this] { Run(); });
}

void ConsoleThread::Run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (true) {
    std::shared_ptr<Attachment> next;
    work_.wait(lock, [&] {
      if (ending_) return true;
      const auto found =
          std::find_if(attachments_.begin(), attachments_.end(), [](const auto& each) { return each->HasWork(); });
      if (found == attachments_.end()) return false;
      // To the end of the queue, so that one busy console does not starve the others.
      next = *found;
      std::rotate(found, found + 1, attachments_.end());
      return true;
    });
    if (ending_) return;
    const std::string output = std::exchange(next->pending, {});
    const uint64_t lost_bytes = output.empty() ? 0 : std::exchange(next->lost_bytes, 0);
    const std::string closed = std::exchange(next->closed, {});
    if (!closed.empty()) std::erase(attachments_, next);
    calling_ = next.get();
    lock.unlock();
    if (!output.empty() && next->reader.on_output) next->reader.on_output(output, lost_bytes);
    if (!closed.empty() && next->reader.on_closed) next->reader.on_closed(closed);
    lock.lock();
    calling_ = nullptr;
    called_.notify_all();
  }
}

void ConsoleThread::Detach(const std::shared_ptr<Attachment>& attachment) {
  std::unique_lock<std::mutex> lock(mutex_);
  std::erase(attachments_, attachment);
  // After this no call into the reader runs or will.
  called_.wait(lock, [&] { return calling_ != attachment.get(); });
}

absl::StatusOr<std::unique_ptr<drivers::Console>> EchoConsole::Attach(const drivers::ConsoleOptions& options,
                                                                      drivers::ConsoleReader reader) {
  auto attachment = std::make_shared<ConsoleThread::Attachment>();
  attachment->console = shared_from_this();
  attachment->reader = std::move(reader);
  attachment->read_only = options.read_only;
  const std::lock_guard<std::mutex> lock(thread_.mutex_);
  if (!options.read_only) {
    const auto writer = writer_.lock();
    const bool busy = writer != nullptr && std::count(thread_.attachments_.begin(), thread_.attachments_.end(), writer);
    if (busy && !options.force) {
      return Error(v1::REASON_CONSOLE_BUSY, "another client writes to the console",
                   {{"console", absl::StrCat(options.console)}});
    }
    if (busy) writer->closed = "another client has taken the console over";
    writer_ = attachment;
  }
  if (options.replay) attachment->Append(scrollback_);
  attachment->closed = closed_;
  thread_.attachments_.push_back(attachment);
  thread_.EnsureStarted();
  thread_.work_.notify_one();
  return std::make_unique<ConsoleThread::Handle>(thread_, attachment);
}

void EchoConsole::Print(absl::string_view text) {
  const std::lock_guard<std::mutex> lock(thread_.mutex_);
  Output(text);
}

void EchoConsole::SetPaused(bool paused) {
  const std::lock_guard<std::mutex> lock(thread_.mutex_);
  paused_ = paused;
  if (!paused_ && !input_.empty()) Output(std::exchange(input_, {}));
}

void EchoConsole::Close(const std::string& reason) {
  const std::lock_guard<std::mutex> lock(thread_.mutex_);
  closed_ = reason;
  for (const auto& attachment : thread_.attachments_) {
    if (attachment->console.get() == this && attachment->closed.empty()) attachment->closed = reason;
  }
  thread_.work_.notify_one();
}

absl::Status EchoConsole::Input(absl::string_view bytes) {
  if (!closed_.empty()) return Error(v1::REASON_DOMAIN_STATE, closed_);
  if (!paused_) {
    Output(bytes);
    return absl::OkStatus();
  }
  if (input_.size() + bytes.size() > kBufferBytes) {
    return Error(v1::REASON_DOMAIN_BUSY, "the guest is suspended and 64 KiB of input wait for it already");
  }
  absl::StrAppend(&input_, bytes);
  return absl::OkStatus();
}

void EchoConsole::Output(absl::string_view bytes) {
  absl::StrAppend(&scrollback_, bytes);
  if (scrollback_.size() > kBufferBytes) scrollback_.erase(0, scrollback_.size() - kBufferBytes);
  for (const auto& attachment : thread_.attachments_) {
    if (attachment->console.get() == this && attachment->closed.empty()) attachment->Append(bytes);
  }
  thread_.work_.notify_one();
}

}  // namespace reeve::test_driver

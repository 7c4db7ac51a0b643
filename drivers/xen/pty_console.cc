#include "drivers/xen/pty_console.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <utility>

#include "absl/strings/str_cat.h"
#include "proto/status.h"
#include "util/errno.h"

namespace reeve::xen {

struct PtyConsole::Attachment {
  drivers::ConsoleReader reader;
  bool read_only = false;
  bool ready = true;
  bool detached = false;
  uint64_t next = 0;  // number of the first byte that it has not seen
};

// What the caller of OpenConsole holds.
class PtyConsole::Handle final : public drivers::Console {
 public:
  Handle(std::shared_ptr<PtyConsole> console, std::shared_ptr<Attachment> attachment)
      : console_(std::move(console)), attachment_(std::move(attachment)) {}
  ~Handle() override { console_->Detach(attachment_); }
  absl::Status Write(absl::string_view bytes) override { return console_->Write(attachment_, bytes); }
  absl::Status Resize(uint32_t columns, uint32_t rows) override {
    std::lock_guard lock(console_->mutex_);
    if (attachment_->read_only || !console_->terminal_) return absl::OkStatus();
    winsize size{};
    size.ws_col = static_cast<uint16_t>(std::min<uint32_t>(columns, UINT16_MAX));
    size.ws_row = static_cast<uint16_t>(std::min<uint32_t>(rows, UINT16_MAX));
    if (ioctl(console_->terminal_.get(), TIOCSWINSZ, &size) < 0) return util::ErrnoStatus("set the terminal's size");
    return absl::OkStatus();
  }
  void SetReady(bool ready) override {
    std::lock_guard lock(console_->mutex_);
    attachment_->ready = ready;
    if (ready) console_->Wake();
  }

 private:
  const std::shared_ptr<PtyConsole> console_;
  const std::shared_ptr<Attachment> attachment_;
};

PtyConsole::~PtyConsole() {
  if (!thread_.joinable()) return;
  // The thread shares in the console: it has left Run, or it is the thread itself that lets go last.
  if (thread_.get_id() == std::this_thread::get_id()) {
    thread_.detach();
  } else {
    thread_.join();
  }
}

void PtyConsole::Wake() {
  const uint64_t one = 1;
  // It can fail only when the counter is full, and then the thread is awake.
  (void)!write(wake_.get(), &one, sizeof(one));
}

absl::StatusOr<std::unique_ptr<drivers::Console>> PtyConsole::Attach(const std::string& path,
                                                                     const drivers::ConsoleOptions& options,
                                                                     drivers::ConsoleReader reader) {
  std::unique_lock lock(mutex_);
  if (ending_) return Error(v1::REASON_DOMAIN_STATE, "the guest has ended");
  if (!terminal_) {
    if (!wake_) {
      wake_.Reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
      if (!wake_) return util::ErrnoStatus("eventfd");
    }
    util::UniqueFd terminal(open(path.c_str(), O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC));
    if (!terminal) return util::ErrnoStatus(absl::StrCat("open the console ", path));
    termios settings{};
    if (tcgetattr(terminal.get(), &settings) < 0) return util::ErrnoStatus(absl::StrCat(path, " is no terminal"));
    cfmakeraw(&settings);
    if (tcsetattr(terminal.get(), TCSANOW, &settings) < 0) return util::ErrnoStatus(absl::StrCat("set up ", path));
    terminal_ = std::move(terminal);
  }
  if (!options.read_only && writer_ != nullptr) {
    if (!options.force) return Error(v1::REASON_CONSOLE_BUSY, "another client writes to this console");
    closing_.emplace_back(std::exchange(writer_, nullptr), "another client has taken the console over");
  }
  auto attachment = std::make_shared<Attachment>();
  attachment->reader = std::move(reader);
  attachment->read_only = options.read_only;
  attachment->next = options.replay ? ring_begin_ : ring_begin_ + ring_.size();
  attachments_.push_back(attachment);
  if (!options.read_only) writer_ = attachment;
  if (!thread_.joinable()) thread_ = std::thread([self = shared_from_this()] { self->Run(); });
  Wake();
  return std::make_unique<Handle>(shared_from_this(), attachment);
}

absl::Status PtyConsole::Write(const std::shared_ptr<Attachment>& attachment, absl::string_view bytes) {
  std::lock_guard lock(mutex_);
  if (attachment != writer_) return Error(v1::REASON_CONSOLE_BUSY, "another client writes to this console");
  if (input_.size() + bytes.size() > kRingBytes) {
    return absl::ResourceExhaustedError("the guest does not read its console");
  }
  input_.append(bytes.data(), bytes.size());
  Wake();
  return absl::OkStatus();
}

void PtyConsole::Detach(const std::shared_ptr<Attachment>& attachment) {
  std::unique_lock lock(mutex_);
  attachment->detached = true;
  attachments_.erase(std::remove(attachments_.begin(), attachments_.end(), attachment), attachments_.end());
  if (writer_ == attachment) writer_ = nullptr;
  Wake();  // the thread closes the terminal after the last
  // A call of its reader that runs is waited for, unless it is that call that detaches.
  while (calling_ == attachment && thread_.get_id() != std::this_thread::get_id()) {
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
  }
}

void PtyConsole::Close(const std::string& reason) {
  std::lock_guard lock(mutex_);
  ending_ = true;
  for (const auto& attachment : attachments_) closing_.emplace_back(attachment, reason);
  if (wake_) Wake();
}

void PtyConsole::ReadOutput(std::unique_lock<std::mutex>& /*lock*/) {
  char buffer[16 * 1024];
  const ssize_t count = read(terminal_.get(), buffer, sizeof(buffer));
  if (count > 0) {
    ring_.append(buffer, static_cast<size_t>(count));
    if (ring_.size() > kRingBytes) {
      const size_t excess = ring_.size() - kRingBytes;
      ring_.erase(0, excess);
      ring_begin_ += excess;
    }
  } else if (count == 0 || (errno != EAGAIN && errno != EINTR)) {
    for (const auto& attachment : attachments_) closing_.emplace_back(attachment, "the console was closed");
    terminal_.Reset();
  }
}

void PtyConsole::Deliver(std::unique_lock<std::mutex>& lock) {
  const std::vector<std::shared_ptr<Attachment>> attachments = attachments_;
  for (const auto& attachment : attachments) {
    const uint64_t end = ring_begin_ + ring_.size();
    if (attachment->detached || !attachment->ready || attachment->next >= end) continue;
    const uint64_t lost = attachment->next < ring_begin_ ? ring_begin_ - attachment->next : 0;
    const std::string bytes = ring_.substr(attachment->next + lost - ring_begin_);
    attachment->next = end;
    calling_ = attachment;
    lock.unlock();
    attachment->reader.on_output(bytes, lost);
    lock.lock();
    calling_ = nullptr;
  }
  while (!closing_.empty()) {
    const auto [attachment, reason] = std::move(closing_.back());
    closing_.pop_back();
    attachments_.erase(std::remove(attachments_.begin(), attachments_.end(), attachment), attachments_.end());
    if (writer_ == attachment) writer_ = nullptr;
    if (attachment->detached) continue;
    attachment->detached = true;
    calling_ = attachment;
    lock.unlock();
    attachment->reader.on_closed(reason);
    lock.lock();
    calling_ = nullptr;
  }
}

void PtyConsole::Run() {
  std::unique_lock lock(mutex_);
  while (!ending_ || !closing_.empty()) {
    Deliver(lock);
    if (ending_ && closing_.empty()) return;
    if (attachments_.empty()) terminal_.Reset();
    pollfd descriptors[2] = {{wake_.get(), POLLIN, 0}, {-1, 0, 0}};
    if (terminal_) {
      descriptors[1].fd = terminal_.get();
      descriptors[1].events = static_cast<short>(POLLIN | (input_.empty() ? 0 : POLLOUT));
    }
    lock.unlock();
    const int ready = poll(descriptors, 2, -1);
    lock.lock();
    if (ready < 0) continue;  // EINTR
    if (descriptors[0].revents != 0) {
      uint64_t count = 0;
      (void)!read(wake_.get(), &count, sizeof(count));
    }
    if (!terminal_ || terminal_.get() != descriptors[1].fd) continue;
    if ((descriptors[1].revents & POLLOUT) != 0) {
      const ssize_t count = write(terminal_.get(), input_.data(), input_.size());
      if (count > 0) input_.erase(0, static_cast<size_t>(count));
    }
    if ((descriptors[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) ReadOutput(lock);
  }
}

}  // namespace reeve::xen

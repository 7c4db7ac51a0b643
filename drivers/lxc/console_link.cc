#include "drivers/lxc/console_link.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>

#include "absl/strings/str_cat.h"
#include "drivers/lxc/messages.h"
#include "proto/status.h"
#include "util/errno.h"

namespace reeve::lxc {
namespace {

constexpr size_t kMaximumPending = 64 * 1024;
constexpr size_t kOutputHeader = 9;
// So many messages of one console are read before others get their turn.
constexpr int kMessagesInTurn = 16;

absl::Status Ended() {
  return Error(v1::REASON_DOMAIN_STATE, "the console is closed");
}

}  // namespace

ConsoleLink::ConsoleLink(std::shared_ptr<EventLoop> loop, util::UniqueFd socket, drivers::ConsoleReader reader,
                         bool read_only)
    : loop_(std::move(loop)), socket_(std::move(socket)), reader_(std::move(reader)), read_only_(read_only) {}

absl::Status ConsoleLink::Watch() {
  absl::MutexLock lock(&mutex_);
  absl::StatusOr<uint64_t> key =
      loop_->Add(socket_.get(), 0, [self = shared_from_this()](uint32_t events) { self->Handle(events); });
  if (!key.ok()) return key.status();
  key_ = *key;
  Reconsider();
  return absl::OkStatus();
}

bool ConsoleLink::closed() const {
  absl::MutexLock lock(&mutex_);
  return closed_;
}

absl::Status ConsoleLink::Write(absl::string_view bytes) {
  if (read_only_) return Error(v1::REASON_CONSOLE_BUSY, "the console is attached for reading only");
  absl::MutexLock lock(&mutex_);
  if (closed_) return Ended();
  if (pending_.size() + bytes.size() > kMaximumPending) {
    return Error(v1::REASON_DOMAIN_BUSY, "the guest does not read its console, and 64 KiB of input wait");
  }
  pending_.append(bytes.data(), bytes.size());
  Flush();
  Reconsider();
  return absl::OkStatus();
}

absl::Status ConsoleLink::Resize(uint32_t columns, uint32_t rows) {
  const uint32_t width = std::min<uint32_t>(columns, 0xffff);
  const uint32_t height = std::min<uint32_t>(rows, 0xffff);
  const char message[] = {static_cast<char>(ConsoleKind::kResize), static_cast<char>(width),
                          static_cast<char>(width >> 8), static_cast<char>(height), static_cast<char>(height >> 8)};
  if (read_only_) return absl::OkStatus();  // the size is the writer's affair
  absl::MutexLock lock(&mutex_);
  if (closed_) return Ended();
  if (send(socket_.get(), message, sizeof message, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EAGAIN) {
    return util::ErrnoStatus("resize the console");
  }
  return absl::OkStatus();
}

void ConsoleLink::SetReady(bool ready) {
  absl::MutexLock lock(&mutex_);
  ready_ = ready;
  Reconsider();
}

void ConsoleLink::Close(const std::string& reason) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return;
  reason_ = reason;
  ready_ = true;  // also a reader that takes nothing now must be told
  (void)shutdown(socket_.get(), SHUT_RDWR);
  Reconsider();
}

void ConsoleLink::Detach() {
  uint64_t key = 0;
  {
    absl::MutexLock lock(&mutex_);
    key = key_;
    closed_ = true;
    (void)shutdown(socket_.get(), SHUT_RDWR);
  }
  if (key != 0) loop_->Remove(key);
}

void ConsoleLink::Handle(uint32_t events) {
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return;
    if ((events & (EPOLLHUP | EPOLLERR)) != 0) {
      pending_.clear();  // nobody takes it any more
    } else if ((events & EPOLLOUT) != 0) {
      Flush();
    }
    Reconsider();
  }
  if ((events & (EPOLLIN | EPOLLHUP | EPOLLERR)) != 0) ReadOutput();
}

void ConsoleLink::ReadOutput() {
  for (int i = 0; i < kMessagesInTurn; ++i) {
    {
      absl::MutexLock lock(&mutex_);
      if (closed_ || !ready_) return;
    }
    char message[kOutputHeader + kConsoleChunk];
    const ssize_t got = recv(socket_.get(), message, sizeof message, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
    if (got < static_cast<ssize_t>(kOutputHeader) || message[0] != static_cast<char>(ConsoleKind::kOutput))
      return Finish();
    uint64_t lost = 0;
    for (int byte = 0; byte < 8; ++byte)
      lost |= static_cast<uint64_t>(static_cast<unsigned char>(message[1 + byte])) << (8 * byte);
    if (reader_.on_output) {
      reader_.on_output(absl::string_view(message + kOutputHeader, static_cast<size_t>(got) - kOutputHeader), lost);
    }
  }
}

void ConsoleLink::Finish() {
  std::string reason;
  uint64_t key = 0;
  {
    absl::MutexLock lock(&mutex_);
    if (closed_) return;
    closed_ = true;
    reason = reason_;
    key = key_;
  }
  // The reader may destroy the Console from another thread as soon as it knows.
  const std::shared_ptr<ConsoleLink> self = shared_from_this();
  loop_->Remove(key);
  if (reader_.on_closed) reader_.on_closed(reason);
}

void ConsoleLink::Flush() {
  while (!pending_.empty()) {
    std::string message(1, static_cast<char>(ConsoleKind::kInput));
    const size_t size = std::min(pending_.size(), kConsoleChunk);
    message.append(pending_, 0, size);
    if (send(socket_.get(), message.data(), message.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) pending_.clear();  // the end of the connection is seen by the event loop
      return;
    }
    pending_.erase(0, size);
  }
}

void ConsoleLink::Reconsider() {
  if (closed_ || key_ == 0) return;
  // An error means that the loop has forgotten the key, which only Detach and Finish bring about.
  (void)loop_->Change(key_, (ready_ ? uint32_t{EPOLLIN} : 0) | (pending_.empty() ? 0 : uint32_t{EPOLLOUT}));
}

}  // namespace reeve::lxc

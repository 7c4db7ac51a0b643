// Attaching to a container's consoles.
#include <sys/socket.h>

#include "absl/strings/str_cat.h"
#include "drivers/lxc/container.h"
#include "proto/status.h"
#include "util/errno.h"

namespace reeve::lxc {
namespace {

// The bytes that may lie unread between supervisor and daemon; the rest waits in the supervisor's ring.
constexpr int kConsoleBuffer = 16 * 1024;

absl::Status Failed(const absl::Status& status) {
  return WithReason(v1::REASON_DRIVER_FAILED, status);
}

}  // namespace

absl::StatusOr<std::unique_ptr<drivers::Console>> Container::OpenConsole(const drivers::ConsoleOptions& options,
                                                                         drivers::ConsoleReader reader) {
  absl::MutexLock lock(&mutex_);
  if (absl::Status status = RefuseEnded(); !status.ok()) return status;
  if (options.console >= writers_.size()) {
    return Error(v1::REASON_CONSOLE_NOT_FOUND, absl::StrCat("there is no console ", options.console),
                 {{"console", absl::StrCat(options.console)}});
  }
  const std::shared_ptr<ConsoleLink> holder = options.read_only ? nullptr : writers_[options.console].lock();
  if (holder != nullptr && !holder->closed()) {
    if (!options.force) {
      return Error(v1::REASON_CONSOLE_BUSY, absl::StrCat("console ", options.console, " is attached by another client"),
                   {{"console", absl::StrCat(options.console)}});
    }
    holder->Close("another client has taken over the console");
  }
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) < 0) {
    return Failed(util::ErrnoStatus("make a socket pair"));
  }
  util::UniqueFd near(ends[0]);
  const util::UniqueFd far(ends[1]);
  // Without it the kernel's default is kept, which only lets older output survive longer than newer.
  (void)setsockopt(near.get(), SOL_SOCKET, SO_SNDBUF, &kConsoleBuffer, sizeof kConsoleBuffer);
  (void)setsockopt(far.get(), SOL_SOCKET, SO_SNDBUF, &kConsoleBuffer, sizeof kConsoleBuffer);
  Message message;
  message.kind = MessageKind::kAttach;
  message.number = options.console;
  message.flag = options.replay;
  if (const int error = SendMessage(parts_.supervisor.control.get(), std::move(message), far.get()); error != 0) {
    return Failed(util::ErrnoStatus(error, "tell the supervisor"));
  }
  auto link = std::make_shared<ConsoleLink>(loop_, std::move(near), std::move(reader), options.read_only);
  if (absl::Status status = link->Watch(); !status.ok()) return Failed(status);
  if (!options.read_only) writers_[options.console] = link;
  return std::make_unique<LxcConsole>(std::move(link));
}

}  // namespace reeve::lxc

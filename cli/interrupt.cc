#include "cli/interrupt.h"

#include <poll.h>
#include <signal.h>

#include <atomic>
#include <cerrno>

#include "util/errno.h"

namespace reeve::cli {
namespace {

// A signal handler has no other way to find it.
std::atomic<const client::Wakeup*> active_wakeup = nullptr;

void OnSignal(int) {
  const int saved = errno;
  if (const client::Wakeup* wakeup = active_wakeup.load()) wakeup->Set();
  errno = saved;
}

void SetHandler(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  (void)::sigaction(signal, &action, nullptr);  // fails only for a signal that does not exist
}

}  // namespace

absl::StatusOr<std::unique_ptr<Interrupt>> Interrupt::Create() {
  auto wakeup = client::Wakeup::Create();
  if (!wakeup.ok()) return wakeup.status();
  std::unique_ptr<Interrupt> interrupt(new Interrupt(*std::move(wakeup)));
  active_wakeup = &interrupt->wakeup_;
  SetHandler(SIGINT, OnSignal);
  SetHandler(SIGTERM, OnSignal);
  SetHandler(SIGPIPE, SIG_IGN);
  return interrupt;
}

Interrupt::~Interrupt() {
  SetHandler(SIGINT, SIG_DFL);
  SetHandler(SIGTERM, SIG_DFL);
  active_wakeup = nullptr;
}

bool Interrupt::IsSet() const {
  pollfd polled{fd(), POLLIN, 0};
  return ::poll(&polled, 1, 0) == 1;
}

}  // namespace reeve::cli

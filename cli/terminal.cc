#include "cli/terminal.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <atomic>

#include "util/errno.h"

namespace reeve::cli {
namespace {

// A signal handler has no other way to tell.
std::atomic<bool> resized = false;

void OnResize(int) {
  resized = true;
}

}  // namespace

WindowSize GetWindowSize(int fd) {
  winsize size{};
  if (::ioctl(fd, TIOCGWINSZ, &size) != 0) return {};
  return {size.ws_col, size.ws_row};
}

size_t ErrorTerminalColumns() {
  if (!::isatty(STDERR_FILENO)) return 0;
  const unsigned columns = GetWindowSize(STDERR_FILENO).columns;
  return columns == 0 ? 80 : columns;
}

absl::StatusOr<std::unique_ptr<RawTerminal>> RawTerminal::Create(int fd) {
  termios before;
  if (::tcgetattr(fd, &before) != 0) return util::ErrnoStatus("read the terminal's attributes");
  termios raw = before;
  ::cfmakeraw(&raw);
  // Without a flush: what was typed ahead is for the guest.
  if (::tcsetattr(fd, TCSADRAIN, &raw) != 0) return util::ErrnoStatus("set the terminal's attributes");
  return std::unique_ptr<RawTerminal>(new RawTerminal(fd, before));
}

// Fails only if the terminal is gone, and then nobody misses it.
RawTerminal::~RawTerminal() {
  (void)::tcsetattr(fd_, TCSADRAIN, &before_);
}

ResizeWatch::ResizeWatch() {
  struct sigaction action {};
  action.sa_handler = OnResize;
  (void)::sigaction(SIGWINCH, &action, nullptr);
}

ResizeWatch::~ResizeWatch() {
  struct sigaction action {};
  action.sa_handler = SIG_DFL;
  (void)::sigaction(SIGWINCH, &action, nullptr);
}

bool ResizeWatch::Take() {
  return resized.exchange(false);
}

}  // namespace reeve::cli

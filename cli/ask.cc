#include "cli/ask.h"

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "absl/strings/str_cat.h"
#include "util/errno.h"
#include "util/fd.h"

namespace reeve::cli {
namespace {

constexpr size_t kMaxBytes = 1024;

// Keeps what is typed from being shown while it lives.
class Silence {
 public:
  explicit Silence(int terminal) : terminal_(terminal), changed_(::tcgetattr(terminal, &before_) == 0) {
    if (!changed_) return;
    termios silent = before_;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    silent.c_lflag |= ECHONL;
    changed_ = ::tcsetattr(terminal, TCSAFLUSH, &silent) == 0;
  }
  ~Silence() {
    // A terminal that is gone needs no setting back.
    if (changed_) (void)::tcsetattr(terminal_, TCSAFLUSH, &before_);
  }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;
  bool silent() const { return changed_; }

 private:
  const int terminal_;
  termios before_{};
  bool changed_;
};

absl::StatusOr<std::string> ReadLine(int terminal, int interrupt_fd) {
  std::string line;
  while (true) {
    pollfd polled[2] = {{terminal, POLLIN, 0}, {interrupt_fd, POLLIN, 0}};
    const int count = ::poll(polled, interrupt_fd < 0 ? 1 : 2, -1);
    if (count < 0 && errno != EINTR) return util::ErrnoStatus("wait for the terminal");
    if (interrupt_fd >= 0 && polled[1].revents != 0) return absl::CancelledError("interrupted");
    if (count <= 0 || polled[0].revents == 0) continue;
    char c = 0;
    const ssize_t got = ::read(terminal, &c, 1);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return util::ErrnoStatus("read from the terminal");
    if (got == 0) return absl::CancelledError("nothing was entered");
    if (c == '\n') return line;
    if (line.size() >= kMaxBytes) return absl::InvalidArgumentError("more than 1024 bytes were entered");
    line.push_back(c);
  }
}

}  // namespace

absl::StatusOr<std::string> AskOnTerminal(absl::string_view prompt, bool secret, int interrupt_fd) {
  const util::UniqueFd terminal(::open("/dev/tty", O_RDWR | O_CLOEXEC | O_NOCTTY));
  if (!terminal) return absl::UnavailableError("there is no terminal to ask on");
  // Silent before it is asked: what is typed at once must not be shown, nor dropped by becoming silent.
  std::optional<Silence> silence;
  if (secret) {
    silence.emplace(terminal.get());
    if (!silence->silent()) return absl::UnavailableError("the terminal would show the password");
  }
  if (::write(terminal.get(), prompt.data(), prompt.size()) < 0) return util::ErrnoStatus("write to the terminal");
  return ReadLine(terminal.get(), interrupt_fd);
}

}  // namespace reeve::cli

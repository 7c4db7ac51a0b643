#include "cli/relay.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <vector>

#include "absl/strings/str_cat.h"
#include "util/errno.h"

namespace reeve::cli {
namespace {

constexpr size_t kBufferBytes = 64 << 10;

bool IsForLater(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

bool IsFarEndGone(int error) {
  return error == EPIPE || error == ECONNRESET;
}

// One way.
class Flow {
 public:
  Flow(int from, int to) : from_(from), to_(to) {}

  bool wants_read() const { return !ended_ && begin_ == end_; }
  bool wants_write() const { return begin_ < end_; }
  // All that came has been passed on, and no more comes.
  bool done() const { return ended_ && begin_ == end_; }

  absl::Status Read() {
    const ssize_t count = ::read(from_, buffer_.data(), buffer_.size());
    if (count > 0) {
      begin_ = 0;
      end_ = static_cast<size_t>(count);
      return absl::OkStatus();
    }
    if (count < 0 && IsForLater(errno)) return absl::OkStatus();
    if (count < 0 && !IsFarEndGone(errno)) return util::ErrnoStatus("read");
    ended_ = true;
    return absl::OkStatus();
  }

  absl::Status Write() {
    const ssize_t count = ::write(to_, buffer_.data() + begin_, end_ - begin_);
    if (count >= 0) {
      begin_ += static_cast<size_t>(count);
    } else if (IsFarEndGone(errno)) {
      begin_ = end_;
      ended_ = true;
    } else if (!IsForLater(errno)) {
      return util::ErrnoStatus("write");
    }
    return absl::OkStatus();
  }

 private:
  const int from_;
  const int to_;
  std::vector<char> buffer_ = std::vector<char>(kBufferBytes);
  size_t begin_ = 0;
  size_t end_ = 0;
  bool ended_ = false;
};

// O_NONBLOCK belongs to the open file, which others may share: a shell finds its terminal as it was.
class NonBlocking {
 public:
  NonBlocking() = default;
  ~NonBlocking() {
    if (fd_ >= 0) (void)::fcntl(fd_, F_SETFL, flags_);
  }
  NonBlocking(const NonBlocking&) = delete;
  NonBlocking& operator=(const NonBlocking&) = delete;

  absl::Status Set(int fd) {
    const int flags = ::fcntl(fd, F_GETFL);
    if (flags < 0 || ::fcntl(fd, F_SETFL, flags | O_NONBLOCK) != 0) return util::ErrnoStatus("fcntl(F_SETFL)");
    fd_ = fd;
    flags_ = flags;
    return absl::OkStatus();
  }

 private:
  int fd_ = -1;
  int flags_ = 0;
};

absl::Status Step(Flow* flow, const pollfd& from, const pollfd& to) {
  if (flow->wants_read() && from.revents != 0) {
    if (absl::Status status = flow->Read(); !status.ok()) return status;
  }
  return flow->wants_write() && to.revents != 0 ? flow->Write() : absl::OkStatus();
}

}  // namespace

absl::Status Relay(int input, int output, int socket) {
  NonBlocking modes[3];
  const int fds[3] = {input, output, socket};
  for (size_t i = 0; i < 3; ++i) {
    if (absl::Status status = modes[i].Set(fds[i]); !status.ok()) return status;
  }
  Flow up(input, socket);
  Flow down(socket, output);
  bool told = false;
  while (!down.done()) {
    if (up.done() && !told) {
      // That the far end is gone already is told by its own end.
      (void)::shutdown(socket, SHUT_WR);
      told = true;
    }
    // A descriptor that nothing is wanted of is left out: its hang-up would be told again and again.
    pollfd polled[4] = {{up.wants_read() ? input : -1, POLLIN, 0},
                        {up.wants_write() ? socket : -1, POLLOUT, 0},
                        {down.wants_read() ? socket : -1, POLLIN, 0},
                        {down.wants_write() ? output : -1, POLLOUT, 0}};
    if (::poll(polled, 4, -1) < 0) {
      if (errno == EINTR) continue;
      return util::ErrnoStatus("poll");
    }
    if (absl::Status status = Step(&up, polled[0], polled[1]); !status.ok()) return status;
    if (absl::Status status = Step(&down, polled[2], polled[3]); !status.ok()) return status;
  }
  return absl::OkStatus();
}

}  // namespace reeve::cli

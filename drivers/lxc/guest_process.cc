#include "drivers/lxc/guest_process.h"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "proto/status.h"
#include "util/errno.h"
#include "util/proto_time.h"

namespace reeve::lxc {
namespace {

constexpr size_t kMaximumPending = 64 * 1024;
constexpr size_t kPiece = 32 * 1024;
// So many pieces of one stream are read before others get their turn.
constexpr int kPiecesInTurn = 8;
// Most that is read of a stream when its process has ended: more than a pipe or a socket of kSocketBuffer (which the kernel
// doubles, socket(7)) holds, so that only what a process left behind still writes is cut off.
constexpr size_t kMostAtEnd = 1024 * 1024;
constexpr int kSocketBuffer = 256 * 1024;
constexpr char kEndOfTransmission = 4;

absl::Status MakePipe(util::UniqueFd* read_end, util::UniqueFd* write_end) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) < 0) return util::ErrnoStatus("make a pipe");
  read_end->Reset(ends[0]);
  write_end->Reset(ends[1]);
  return absl::OkStatus();
}

// Only ours: the far end of a pipe is a file of its own, and stays blocking.
absl::Status SetNonBlocking(const util::UniqueFd& fd) {
  const int flags = fcntl(fd.get(), F_GETFL);
  if (flags < 0 || fcntl(fd.get(), F_SETFL, flags | O_NONBLOCK) < 0) return util::ErrnoStatus("prepare a pipe");
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::shared_ptr<TaskLink>> TaskLink::Create(std::shared_ptr<EventLoop> loop, const TaskRequest& request,
                                                           TaskStreams streams, drivers::GuestProcessReader reader,
                                                           util::UniqueFd* far) {
  std::shared_ptr<TaskLink> link(new TaskLink(std::move(loop), request.kind, streams, std::move(reader)));
  absl::MutexLock lock(&link->mutex_);
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return util::ErrnoStatus("make a socket pair");
  link->socket_.fd.Reset(ends[0]);
  far->Reset(ends[1]);
  // For the request, which is one message. Beyond the host's limit where we may.
  if (setsockopt(ends[0], SOL_SOCKET, SO_SNDBUFFORCE, &kSocketBuffer, sizeof kSocketBuffer) < 0) {
    (void)setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &kSocketBuffer, sizeof kSocketBuffer);
  }
  std::vector<util::UniqueFd> far_ends;
  const auto add = [&](End* near, bool to_task) -> absl::Status {
    util::UniqueFd reading;
    util::UniqueFd writing;
    if (absl::Status status = MakePipe(&reading, &writing); !status.ok()) return status;
    near->fd = to_task ? std::move(writing) : std::move(reading);
    far_ends.push_back(to_task ? std::move(reading) : std::move(writing));
    return SetNonBlocking(near->fd);
  };
  absl::Status status;
  if (streams.input) status.Update(add(&link->input_, true));
  if (streams.output && status.ok()) status.Update(add(&link->output_, false));
  if (streams.error_output && status.ok()) status.Update(add(&link->error_output_, false));
  if (!status.ok()) return status;
  std::vector<int> descriptors;
  for (const util::UniqueFd& end : far_ends) descriptors.push_back(end.get());
  if (streams.given >= 0) descriptors.push_back(streams.given);
  if (const int error =
          SendWithDescriptors(link->socket_.fd.get(), EncodeTaskRequest(request), descriptors, MSG_DONTWAIT);
      error != 0) {
    return util::ErrnoStatus(error, "write the request to the supervisor");
  }
  return link;
}

absl::Status TaskLink::WatchEnd(End* end, void (TaskLink::*handler)(uint32_t)) {
  if (!end->fd) return absl::OkStatus();
  absl::StatusOr<uint64_t> key = loop_->Add(
      end->fd.get(), 0, [self = shared_from_this(), handler](uint32_t events) { ((*self).*handler)(events); });
  if (!key.ok()) return key.status();
  end->key = *key;
  end->open = true;
  return absl::OkStatus();
}

absl::Status TaskLink::Watch() {
  absl::MutexLock lock(&mutex_);
  absl::Status status = WatchEnd(&socket_, &TaskLink::HandleSocket);
  if (status.ok()) status = WatchEnd(&input_, &TaskLink::HandleInput);
  if (status.ok()) status = WatchEnd(&output_, &TaskLink::HandleOutput);
  if (status.ok()) status = WatchEnd(&error_output_, &TaskLink::HandleErrorOutput);
  if (status.ok()) Reconsider();
  return status;
}

void TaskLink::Reconsider() {
  const auto watch = [this](End* end, uint32_t events) {
    if (!end->open || end->interest == events) return;
    end->interest = events;
    (void)loop_->Change(end->key, events);  // an error means that the loop has forgotten it
  };
  if (closed_) return;
  // Without EPOLLIN not even a hang-up is reported (event_loop.h): what a reader is not ready for waits.
  watch(&socket_, EPOLLIN);
  const uint32_t input = pending_.empty() ? 0 : uint32_t{EPOLLOUT};
  // Reports come by way of the supervisor and output straight from the guest: that it has started, or what a file is, is
  // told first.
  const uint32_t output = ready_ && begun_ ? uint32_t{EPOLLIN} : 0;
  watch(&output_, output | (terminal_ ? input : 0));
  watch(&error_output_, output);
  watch(&input_, input);
}

absl::Status TaskLink::Write(absl::string_view bytes) {
  absl::MutexLock lock(&mutex_);
  if (closed_ || end_.has_value() || input_ended_) return absl::OkStatus();  // nobody reads it: as a shell's pipe
  if (!pending_.empty() && pending_.size() + bytes.size() > kMaximumPending) {
    return Error(v1::REASON_DOMAIN_BUSY, "the process does not read its input, and 64 KiB wait");
  }
  pending_.append(bytes.data(), bytes.size());
  Flush();
  Reconsider();
  return absl::OkStatus();
}

void TaskLink::EndInput() {
  absl::MutexLock lock(&mutex_);
  if (closed_ || input_ended_) return;
  input_ended_ = true;
  if (terminal_) pending_.push_back(kEndOfTransmission);
  Flush();
  Reconsider();
}

void TaskLink::Flush() {
  End* end = terminal_ ? &output_ : &input_;
  while (!pending_.empty() && end->fd) {
    const ssize_t written = write(end->fd.get(), pending_.data(), pending_.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) return;
    if (written < 0) {  // it reads no more; what it does then is its affair
      pending_.clear();
      break;
    }
    pending_.erase(0, static_cast<size_t>(written));
  }
  if (!pending_.empty() || !input_ended_ || terminal_ || !input_.fd) return;
  if (kind_ == TaskKind::kPushFile) {
    const char word = static_cast<char>(TaskWord::kCommit);
    (void)send(socket_.fd.get(), &word, 1, MSG_NOSIGNAL | MSG_DONTWAIT);
  }
  // Removed from the loop by its own thread, which may be in the handler now.
  if (input_.open) {
    input_.open = false;
    input_.interest = 0;
    (void)loop_->Change(input_.key, 0);
  }
  // The descriptor itself stays until it is removed from the loop; its place is taken by one that nobody reads.
  const util::UniqueFd nothing(open("/dev/null", O_WRONLY | O_CLOEXEC));
  if (!nothing || dup3(nothing.get(), input_.fd.get(), O_CLOEXEC) < 0) (void)shutdown(socket_.fd.get(), SHUT_RDWR);
}

absl::Status TaskLink::Resize(uint32_t columns, uint32_t rows) {
  absl::MutexLock lock(&mutex_);
  if (closed_ || end_.has_value()) return absl::OkStatus();
  if (!terminal_) return Error(v1::REASON_REQUEST_INVALID, "the process has no terminal");
  winsize size = {};
  size.ws_col = static_cast<unsigned short>(std::min<uint32_t>(columns, 0xffff));
  size.ws_row = static_cast<unsigned short>(std::min<uint32_t>(rows, 0xffff));
  if (ioctl(output_.fd.get(), TIOCSWINSZ, &size) < 0) return util::ErrnoStatus("resize the terminal");
  return absl::OkStatus();
}

absl::Status TaskLink::Signal(uint32_t number) {
  const char word[2] = {static_cast<char>(TaskWord::kSignal), static_cast<char>(number)};
  absl::MutexLock lock(&mutex_);
  if (closed_ || end_.has_value()) return absl::OkStatus();
  if (send(socket_.fd.get(), word, sizeof word, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 && errno != EPIPE) {
    return util::ErrnoStatus("send a signal");
  }
  return absl::OkStatus();
}

void TaskLink::SetReady(bool ready) {
  absl::MutexLock lock(&mutex_);
  ready_ = ready;
  Reconsider();
}

void TaskLink::CloseEnd(End* end) {
  uint64_t key = 0;
  {
    absl::MutexLock lock(&mutex_);
    key = std::exchange(end->key, 0);
    end->open = false;
  }
  if (key != 0) loop_->Remove(key);
  absl::MutexLock lock(&mutex_);
  if (key != 0) end->fd.Reset();
}

void TaskLink::Detach() {
  {
    absl::MutexLock lock(&mutex_);
    closed_ = true;
  }
  for (End* end : {&socket_, &input_, &output_, &error_output_}) CloseEnd(end);
  absl::MutexLock lock(&mutex_);
  for (End* end : {&socket_, &input_, &output_, &error_output_}) end->fd.Reset();
}

void TaskLink::HandleInput(uint32_t events) {
  absl::MutexLock lock(&mutex_);
  if (closed_) return;
  if ((events & EPOLLERR) != 0) pending_.clear();
  Flush();
  Reconsider();
}

void TaskLink::ReadOutput(End* end, bool error_output, uint32_t events) {
  bool closed = false;
  for (int i = 0; i < kPiecesInTurn && !closed; ++i) {
    char bytes[kPiece];
    ssize_t got = 0;
    {
      absl::MutexLock lock(&mutex_);
      if (closed_ || !end->open) return;
      if (terminal_ && (events & EPOLLOUT) != 0) Flush();
      if (!ready_) break;
      got = read(end->fd.get(), bytes, sizeof bytes);
      if (got < 0 && (errno == EAGAIN || errno == EINTR)) break;
    }
    if (got <= 0) {  // the end; of a terminal EIO
      closed = true;
    } else if (reader_.on_output) {
      reader_.on_output(absl::string_view(bytes, static_cast<size_t>(got)), error_output);
    }
  }
  if (closed) CloseEnd(end);
  absl::MutexLock lock(&mutex_);
  Reconsider();
}

void TaskLink::Drain(End* end, bool error_output) {
  for (size_t total = 0; total < kMostAtEnd;) {
    char bytes[kPiece];
    ssize_t got = 0;
    {
      absl::MutexLock lock(&mutex_);
      if (closed_ || !end->open) return;
      got = read(end->fd.get(), bytes, sizeof bytes);
    }
    if (got <= 0) break;
    total += static_cast<size_t>(got);
    if (reader_.on_output) reader_.on_output(absl::string_view(bytes, static_cast<size_t>(got)), error_output);
  }
  CloseEnd(end);
}

void TaskLink::HandleSocket(uint32_t) {
  for (;;) {
    std::string bytes;
    std::vector<util::UniqueFd> descriptors;
    TaskReport report;
    {
      absl::MutexLock lock(&mutex_);
      if (closed_ || !socket_.open) return;
      const int error =
          ReceiveWithDescriptors(socket_.fd.get(), kMaximumTaskReport, &bytes, &descriptors, MSG_DONTWAIT);
      if (error == EAGAIN) return;
      if (error != 0 || !DecodeTaskReport(bytes.data(), bytes.size(), &report)) {
        report = TaskReport();
        report.kind = TaskReportKind::kFailed;
        report.text = "the guest or its supervisor has ended";
      }
    }
    const bool last = report.kind == TaskReportKind::kEnded || report.kind == TaskReportKind::kFailed;
    TakeReport(report, descriptors.empty() ? util::UniqueFd() : std::move(descriptors[0]));
    if (!last) continue;
    CloseEnd(&socket_);
    return Finish();
  }
}

void TaskLink::TakeReport(const TaskReport& report, util::UniqueFd descriptor) {
  TellReport(report, std::move(descriptor));
  absl::MutexLock lock(&mutex_);
  begun_ = true;
  Reconsider();
}

void TaskLink::TellReport(const TaskReport& report, util::UniqueFd descriptor) {
  switch (report.kind) {
    case TaskReportKind::kStarted: {
      if (reader_.on_started) reader_.on_started(report.pid);
      absl::MutexLock lock(&mutex_);
      if (!descriptor || closed_) return;
      terminal_ = true;
      output_.fd = std::move(descriptor);
      // A terminal that cannot be watched is as good as one that is closed.
      if (WatchEnd(&output_, &TaskLink::HandleOutput).ok()) Flush();
      return Reconsider();
    }
    case TaskReportKind::kFile: {
      v1::PullFileStart start;
      start.set_size(report.size);
      start.set_mode(report.mode);
      start.set_user_id(report.user_id);
      start.set_group_id(report.group_id);
      *start.mutable_change_time() = util::ToProto(absl::FromUnixNanos(report.time_ns));
      if (reader_.on_file) reader_.on_file(start);
      return;
    }
    case TaskReportKind::kText:
      if (reader_.on_output) reader_.on_output(report.text, false);
      return;
    case TaskReportKind::kFailed: {
      std::string message = report.text;
      if (report.error != 0) absl::StrAppend(&message, ": ", std::generic_category().message(report.error));
      absl::MutexLock lock(&mutex_);
      end_ = Error(failure_, message);
      return;
    }
    case TaskReportKind::kEnded: {
      v1::ExitStatus exit;
      if (report.signal != 0) {
        exit.set_signal(report.signal);
      } else {
        exit.set_code(report.code);
      }
      *exit.mutable_time() = util::ToProto(absl::Now());
      absl::MutexLock lock(&mutex_);
      end_ = exit;
      return;
    }
  }
}

void TaskLink::Finish() {
  const std::shared_ptr<TaskLink> self = shared_from_this();
  absl::StatusOr<v1::ExitStatus> end = absl::UnknownError("");
  {
    absl::MutexLock lock(&mutex_);
    if (closed_ || !end_.has_value()) return;
    end = *end_;
  }
  // What it has written is in its streams; who else still holds them is not waited for.
  if (end.ok()) {
    Drain(&output_, false);
    Drain(&error_output_, true);
  }
  {
    absl::MutexLock lock(&mutex_);
    if (std::exchange(closed_, true)) return;
  }
  if (reader_.on_end) reader_.on_end(std::move(end));
}

}  // namespace reeve::lxc

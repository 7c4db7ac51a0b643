#include "cli/file_commands.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "cli/domain_changes.h"
#include "util/errno.h"
#include "util/fd.h"

namespace reeve::cli {
namespace {

constexpr size_t kPiece = 64 << 10;
constexpr size_t kMaxQueuedBytes = 1 << 20;

// Waits until the stream has something to say, or has written what was queued.
template <typename Request, typename Response>
absl::Status Await(Context& context, const client::Stream<Request, Response>& stream) {
  pollfd polled[2] = {{stream.ready_fd(), POLLIN, 0}, {context.interrupt_fd(), POLLIN, 0}};
  if (::poll(polled, 2, -1) < 0 && errno != EINTR) return util::ErrnoStatus("poll");
  return polled[1].revents != 0 ? absl::CancelledError("interrupted") : absl::OkStatus();
}

int EndWith(Context& context, const std::string& failure, const std::string& argument, const absl::Status& status) {
  if (status.code() == absl::StatusCode::kCancelled && context.Interrupted()) return kExitInterrupted;
  return FailDomain(context, failure, argument, status);
}

absl::StatusOr<uint32_t> ParseMode(const std::string& text) {
  char* end = nullptr;
  const unsigned long mode = strtoul(text.c_str(), &end, 8);
  if (text.empty() || *end != '\0' || mode > 07777) {
    return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not a mode such as 0644"));
  }
  return static_cast<uint32_t>(mode);
}

absl::Status Owner(const std::string& text, v1::PushFileStart* start) {
  char* end = nullptr;
  const unsigned long user = strtoul(text.c_str(), &end, 10);
  unsigned long group = user;
  bool good = end != text.c_str() && user < UINT32_MAX;
  if (good && *end == ':') {
    const char* begin = end + 1;
    group = strtoul(begin, &end, 10);
    good = end != begin && group < UINT32_MAX;
  }
  if (!good || *end != '\0') return absl::InvalidArgumentError(absl::StrCat("'", text, "' is not UID or UID:GID"));
  start->set_user_id(static_cast<uint32_t>(user));
  start->set_group_id(static_cast<uint32_t>(group));
  return absl::OkStatus();
}

int Push(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string source = arguments.Get("source");
  const std::string failure = absl::StrCat("Failed to push ", source);
  v1::PushFileRequest request;
  v1::PushFileStart& start = *request.mutable_start();
  start.set_path(arguments.Get("path"));
  start.set_no_replace(arguments.Has("no-replace"));
  const util::UniqueFd file(source == "-" ? dup(STDIN_FILENO) : ::open(source.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  if (!file || fstat(file.get(), &status) < 0) return context.Fail(failure, util::ErrnoStatus(source));
  if (S_ISDIR(status.st_mode)) return context.Fail(failure, absl::InvalidArgumentError("it is a directory"));
  start.set_mode(source == "-" ? 0644 : status.st_mode & 0777);
  if (arguments.Has("mode")) {
    auto mode = ParseMode(arguments.Get("mode"));
    if (!mode.ok()) return BadOption(context, "--mode", mode.status().message());
    start.set_mode(*mode);
  }
  if (arguments.Has("owner")) {
    absl::Status owner = Owner(arguments.Get("owner"), &start);
    if (!owner.ok()) return BadOption(context, "--owner", owner.message());
  }
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  start.set_domain(*name);
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  auto stream = (*connection)->Start(methods::kPushFile);
  if (!stream.ok()) return context.Fail(failure, stream.status());
  (*stream)->Write(request);
  bool reading = true;
  v1::PushFileResponse response;
  bool answered = false;
  while (true) {
    const client::Taken taken = (*stream)->Take(&response);
    if (taken == client::Taken::kEnded) break;
    answered = answered || taken == client::Taken::kMessage;
    if (reading && (*stream)->queued_bytes() < kMaxQueuedBytes) {
      request.mutable_data()->resize(kPiece);
      const ssize_t got = ::read(file.get(), request.mutable_data()->data(), kPiece);
      // The call is cancelled with the stream: what came so far does not count as the file.
      if (got < 0)
        return errno == EINTR && context.Interrupted() ? kExitInterrupted
                                                       : context.Fail(failure, util::ErrnoStatus(source));
      request.mutable_data()->resize(static_cast<size_t>(got));
      reading = got > 0;
      if (reading) {
        (*stream)->Write(request);
      } else {
        (*stream)->WritesDone();
      }
      if (!context.Interrupted()) continue;
    }
    if (absl::Status waited = Await(context, **stream); !waited.ok()) {
      return EndWith(context, failure, argument, waited);
    }
  }
  if (absl::Status ended = (*stream)->status(); !ended.ok()) return EndWith(context, failure, argument, ended);
  if (!answered) return context.Fail(failure, absl::InternalError("the daemon did not answer"));
  if (context.json()) return context.PrintJson(response);
  return context.Done(absl::StrCat(response.bytes(), " bytes written to ", arguments.Get("path")));
}

absl::Status WriteAll(int fd, absl::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return util::ErrnoStatus("write");
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return absl::OkStatus();
}

// Takes the file off the stream into `fd`, which is `target` unless that is the standard output.
absl::Status Receive(Context& context, client::Stream<v1::PullFileRequest, v1::PullFileResponse>* stream, int fd,
                     v1::PullFileStart* start) {
  v1::PullFileResponse response;
  while (true) {
    switch (stream->Take(&response)) {
      case client::Taken::kEnded:
        return stream->status();
      case client::Taken::kMessage:
        if (response.has_start()) *start = response.start();
        if (absl::Status written = WriteAll(fd, response.data()); !written.ok()) return written;
        break;
      case client::Taken::kNothing:
        if (absl::Status waited = Await(context, *stream); !waited.ok()) return waited;
        break;
    }
  }
}

int Pull(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string path = arguments.Get("path");
  const std::string target = arguments.Get("target");
  const std::string failure = absl::StrCat("Failed to pull ", path);
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  v1::PullFileRequest request;
  request.set_domain(*name);
  request.set_path(path);
  auto stream = (*connection)->Start(methods::kPullFile, request);
  if (!stream.ok()) return context.Fail(failure, stream.status());
  v1::PullFileStart start;
  if (target == "-") {
    absl::Status received = Receive(context, stream->get(), STDOUT_FILENO, &start);
    return received.ok() ? kExitOk : EndWith(context, failure, argument, received);
  }
  // Beside the target, and renamed when it is whole.
  std::string temporary = absl::StrCat(target, ".XXXXXX");
  const util::UniqueFd file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) return context.Fail(failure, util::ErrnoStatus(target));
  absl::Status received = Receive(context, stream->get(), file.get(), &start);
  // Without the bits that give rights to others by the guest's word.
  if (received.ok() && ::fchmod(file.get(), start.mode() & 0777) < 0) received = util::ErrnoStatus(target);
  if (received.ok() && ::rename(temporary.c_str(), target.c_str()) < 0) received = util::ErrnoStatus(target);
  if (!received.ok()) {
    (void)::unlink(temporary.c_str());
    return EndWith(context, failure, argument, received);
  }
  if (context.json()) return context.PrintJson(start);
  return context.Done(absl::StrCat(start.size(), " bytes written to ", target));
}

}  // namespace

Command FilePushCommand() {
  return {
      .name = "file push",
      .summary = "copy a file into a guest",
      .description =
          "The file appears under its name when it is whole. Links of the guest are followed inside of it only.",
      .examples =
          "reeve file push web1 site.conf /etc/site.conf --mode 0644\ntar c . | reeve file push web1 - /tmp/site.tar",
      .options = {DomainArgument(Completion::kActiveDomain),
                  Argument("source", "FILE", "file of this host; - is the standard input", Completion::kFile),
                  Argument("path", "PATH", "absolute path in the guest", Completion::kNone),
                  Value("mode", "MODE", "permissions, octal; the file's by default"),
                  Value("owner", "UID[:GID]", "owner, as the guest sees it; 0 by default"),
                  Flag("no-replace", "fail when there is a file already")},
      .run = Push};
}

Command FilePullCommand() {
  return {.name = "file pull",
          .summary = "copy a file out of a guest",
          .examples = "reeve file pull web1 /etc/hostname hostname\nreeve file pull web1 /var/log/syslog - | tail",
          .options = {DomainArgument(Completion::kActiveDomain),
                      Argument("path", "PATH", "absolute path in the guest", Completion::kNone),
                      Argument("target", "FILE", "file of this host; - is the standard output", Completion::kFile)},
          .run = Pull};
}

}  // namespace reeve::cli

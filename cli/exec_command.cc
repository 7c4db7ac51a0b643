#include "cli/exec_command.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <memory>
#include <optional>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "cli/domain_changes.h"
#include "cli/terminal.h"
#include "util/errno.h"

namespace reeve::cli {
namespace {

using ExecStream = client::Stream<v1::ExecRequest, v1::ExecResponse>;

constexpr size_t kMaxQueuedBytes = 256 * 1024;  // typed but not yet taken by the daemon; then the input waits
constexpr int kSignalBase = 128;                // exit code of a command that a signal has ended, as shells count it

// The loop between this program's streams and those of the command.
class ExecSession {
 public:
  ExecSession(Context* context, ExecStream* stream, bool input, bool terminal)
      : context_(context), stream_(stream), input_open_(input), terminal_(terminal) {}

  absl::Status Run() {
    while (true) {
      if (absl::Status status = DrainStream(); !status.ok() || ended_) return status;
      SendSize();
      const bool take_input = started_ && input_open_ && stream_->queued_bytes() < kMaxQueuedBytes;
      pollfd polled[3] = {{stream_->ready_fd(), POLLIN, 0},
                          {context_->interrupt_fd(), POLLIN, 0},
                          {take_input ? STDIN_FILENO : -1, POLLIN, 0}};
      if (::poll(polled, 3, -1) < 0) {
        if (errno == EINTR) continue;
        return util::ErrnoStatus("poll");
      }
      if (polled[1].revents != 0) return absl::CancelledError("interrupted");
      if (polled[2].revents != 0) {
        if (absl::Status status = TakeInput(); !status.ok()) return status;
      }
    }
  }

  // How the command has ended; 0 for one that goes on.
  int code() const { return code_; }
  int64_t pid() const { return pid_; }

 private:
  absl::Status DrainStream() {
    v1::ExecResponse response;
    while (!ended_) {
      switch (stream_->Take(&response)) {
        case client::Taken::kNothing:
          return context_->output().Flush();
        case client::Taken::kEnded:
          ended_ = true;
          return stream_->status();
        case client::Taken::kMessage:
          Show(response);
          break;
      }
    }
    return context_->output().Flush();
  }

  void Show(const v1::ExecResponse& response) {
    switch (response.message_case()) {
      case v1::ExecResponse::kStarted:
        started_ = true;
        pid_ = response.started().pid();
        if (terminal_) BeginTerminal();
        if (!input_open_ && !terminal_) EndInput();
        break;
      case v1::ExecResponse::kOutput:
        context_->output().Print(response.output());
        break;
      case v1::ExecResponse::kErrorOutput:
        context_->output().PrintRaw(response.error_output());
        break;
      case v1::ExecResponse::kExited:
        code_ = response.exited().has_signal() ? kSignalBase + response.exited().signal() : response.exited().code();
        break;
      default:
        break;  // a newer daemon's message; nothing to show
    }
  }

  void BeginTerminal() {
    if (::isatty(STDIN_FILENO) == 0) return;
    auto raw = RawTerminal::Create(STDIN_FILENO);
    if (raw.ok()) raw_ = *std::move(raw);
    resize_.emplace();
  }

  absl::Status TakeInput() {
    char buffer[16384];
    const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof(buffer));
    if (count < 0) return errno == EINTR ? absl::OkStatus() : util::ErrnoStatus("read the standard input");
    if (count == 0) {
      input_open_ = false;
      EndInput();
      return absl::OkStatus();
    }
    v1::ExecRequest request;
    request.set_input(std::string(buffer, static_cast<size_t>(count)));
    stream_->Write(request);
    return absl::OkStatus();
  }

  void EndInput() {
    v1::ExecRequest request;
    request.mutable_input_end();
    stream_->Write(request);
  }

  void SendSize() {
    if (!resize_ || !resize_->Take()) return;
    const WindowSize size = GetWindowSize(STDIN_FILENO);
    if (size.columns == 0 || size.rows == 0) return;
    v1::ExecRequest request;
    request.mutable_size()->set_columns(size.columns);
    request.mutable_size()->set_rows(size.rows);
    stream_->Write(request);
  }

  Context* const context_;
  ExecStream* const stream_;
  bool input_open_;
  const bool terminal_;
  bool started_ = false;
  bool ended_ = false;
  int code_ = 0;
  int64_t pid_ = 0;
  std::unique_ptr<RawTerminal> raw_;
  std::optional<ResizeWatch> resize_;
};

int Exec(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  const std::string failure = absl::StrCat("Failed to run a command in domain '", argument, "'");
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) return FailDomain(context, failure, argument, name.status());
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  v1::ExecRequest request;
  v1::ExecStart& start = *request.mutable_start();
  start.set_domain(*name);
  for (const std::string& word : arguments.All("command")) start.add_arguments(word);
  for (const std::string& assignment : arguments.All("env")) {
    const std::pair<std::string, std::string> parts = absl::StrSplit(assignment, absl::MaxSplits('=', 1));
    v1::EnvironmentVariable& variable = *start.add_environment();
    variable.set_name(parts.first);
    variable.set_value(parts.second);
  }
  start.set_directory(arguments.Get("workdir"));
  start.set_user(arguments.Get("user"));
  start.set_group(arguments.Get("group"));
  const bool terminal = arguments.Has("tty");
  const bool detach = arguments.Has("detach");
  start.set_terminal(terminal);
  start.set_detach(detach);
  if (terminal) {
    const WindowSize size = GetWindowSize(STDIN_FILENO);
    if (size.columns != 0 && size.rows != 0) {
      start.mutable_size()->set_columns(size.columns);
      start.mutable_size()->set_rows(size.rows);
    }
    if (const char* type = getenv("TERM"); type != nullptr) {
      v1::EnvironmentVariable& variable = *start.add_environment();
      variable.set_name("TERM");
      variable.set_value(type);
    }
  }
  auto stream = (*connection)->Start(methods::kExec);
  if (!stream.ok()) return context.Fail(failure, stream.status());
  (*stream)->Write(request);
  absl::Status status;
  int code = 0;
  int64_t pid = 0;
  {
    ExecSession session(&context, stream->get(), arguments.Has("interactive") && !detach, terminal);
    status = session.Run();
    code = session.code();
    pid = session.pid();
  }  // the terminal is as it was from here on
  if (status.code() == absl::StatusCode::kCancelled && context.Interrupted()) return kExitInterrupted;
  if (!status.ok()) return FailDomain(context, failure, argument, status);
  if (detach) return context.Done(absl::StrCat("Command started, pid ", pid));
  return code;
}

}  // namespace

Command ExecCommand() {
  Option command = Argument("command", "COMMAND", "program and arguments, behind --", Completion::kNone);
  command.repeated = true;
  Option env = Value("env", "NAME=VALUE", "a variable; may come more than once");
  env.letter = 'e';
  env.repeated = true;
  Option user = Value("user", "USER", "name or id of a user of the guest");
  user.letter = 'u';
  Option directory = Value("workdir", "PATH", "directory of the guest to start in");
  directory.letter = 'w';
  return {
      .name = "exec",
      .summary = "run a command in a guest",
      .description =
          "It runs in the guest's namespaces and control groups with the rights of the guest's first process, and ends "
          "when this program ends. The exit code is the command's, 128 and the signal's number when a signal has ended "
          "it.",
      .examples = "reeve exec web1 -- ps aux\nreeve exec -it web1 -- /bin/sh\nreeve exec -d web1 -- /usr/bin/job",
      .options = {DomainArgument(Completion::kActiveDomain), command,
                  Flag("interactive", "pass the standard input on", 'i'), Flag("tty", "with a terminal", 't'),
                  Flag("detach", "don't wait: the command goes on by itself", 'd'), env, user,
                  Value("group", "GROUP", "name or id of a group of the guest"), directory},
      .run = Exec};
}

}  // namespace reeve::cli

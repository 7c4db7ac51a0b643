#include "cli/console_command.h"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <optional>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/context.h"
#include "cli/domains.h"
#include "cli/terminal.h"
#include "util/errno.h"

namespace reeve::cli {
namespace {

using ConsoleStream = client::Stream<v1::AttachConsoleRequest, v1::AttachConsoleResponse>;

constexpr char kEscape = 0x1d;                  // ^]
constexpr size_t kMaxQueuedBytes = 256 * 1024;  // typed but not yet taken by the daemon; then the input waits

// The loop between terminal and stream.
class ConsoleSession {
 public:
  ConsoleSession(Context* context, ConsoleStream* stream, bool read_only)
      : context_(context),
        stream_(stream),
        terminal_(::isatty(STDIN_FILENO) != 0),
        input_open_(!read_only || terminal_),
        read_only_(read_only) {}

  // OK when the user or the guest has ended it.
  absl::Status Run() {
    while (true) {
      if (absl::Status status = DrainStream(); !status.ok() || ended_) return status;
      SendSize();
      const bool take_input = input_open_ && stream_->queued_bytes() < kMaxQueuedBytes;
      pollfd polled[3] = {{stream_->ready_fd(), POLLIN, 0},
                          {context_->interrupt_fd(), POLLIN, 0},
                          {take_input ? STDIN_FILENO : -1, POLLIN, 0}};
      if (::poll(polled, 3, -1) < 0) {
        if (errno == EINTR) continue;
        return util::ErrnoStatus("poll");
      }
      if (polled[1].revents != 0) return absl::CancelledError("interrupted");
      if (polled[2].revents != 0) {
        if (absl::Status status = TakeInput(); !status.ok() || ended_) return status;
      }
    }
  }

  const std::string& close_reason() const { return close_reason_; }

 private:
  absl::Status DrainStream() {
    v1::AttachConsoleResponse response;
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

  void Show(const v1::AttachConsoleResponse& response) {
    switch (response.message_case()) {
      case v1::AttachConsoleResponse::kOpened:
        OnOpened(response.opened().domain());
        break;
      case v1::AttachConsoleResponse::kOutput:
        if (response.lost_bytes() > 0) {
          context_->output().Print(absl::StrCat("\r\n[", response.lost_bytes(), " bytes lost]\r\n"));
        }
        context_->output().Print(response.output());
        break;
      case v1::AttachConsoleResponse::kClosed:
        close_reason_ = response.closed().reason();
        ended_ = true;
        break;
      default:
        break;  // a newer daemon's message; nothing to show
    }
  }

  void OnOpened(const std::string& domain) {
    if (!context_->options().quiet) {
      context_->output().PrintNote(absl::StrCat("Connected to domain '", LastPart(domain), "'"));
      if (terminal_) context_->output().PrintNote("Escape character is ^] (Ctrl + ])");
    }
    if (!terminal_) return;
    auto raw = RawTerminal::Create(STDIN_FILENO);
    if (raw.ok()) raw_ = *std::move(raw);
    resize_.emplace();
    size_wanted_ = true;
  }

  absl::Status TakeInput() {
    char buffer[4096];
    const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof(buffer));
    if (count < 0) return errno == EINTR ? absl::OkStatus() : util::ErrnoStatus("read the standard input");
    if (count == 0) {
      input_open_ = false;
      ended_ = terminal_;
      return absl::OkStatus();
    }
    absl::string_view typed(buffer, static_cast<size_t>(count));
    if (const size_t escape = typed.find(kEscape); terminal_ && escape != absl::string_view::npos) {
      typed = typed.substr(0, escape);
      ended_ = true;
    }
    if (typed.empty() || read_only_) return absl::OkStatus();
    v1::AttachConsoleRequest request;
    request.set_input(std::string(typed));
    stream_->Write(request);
    return absl::OkStatus();
  }

  void SendSize() {
    if (!resize_ || read_only_ || !(resize_->Take() || size_wanted_)) return;
    size_wanted_ = false;
    const WindowSize size = GetWindowSize(STDIN_FILENO);
    if (size.columns == 0 || size.rows == 0) return;
    v1::AttachConsoleRequest request;
    request.mutable_size()->set_columns(size.columns);
    request.mutable_size()->set_rows(size.rows);
    stream_->Write(request);
  }

  Context* const context_;
  ConsoleStream* const stream_;
  const bool terminal_;
  bool input_open_;
  const bool read_only_;
  bool ended_ = false;
  bool size_wanted_ = false;
  std::string close_reason_;
  std::unique_ptr<RawTerminal> raw_;
  std::optional<ResizeWatch> resize_;
};

int Console(Context& context, const Arguments& arguments) {
  const std::string argument = arguments.Get("domain");
  ConsoleChoice choice{.force = arguments.Has("force"),
                       .read_only = arguments.Has("read-only"),
                       .no_replay = arguments.Has("no-replay")};
  if (arguments.Has("number") && !absl::SimpleAtoi(arguments.Get("number"), &choice.console)) {
    context.output().PrintError(absl::StrCat("--number: '", arguments.Get("number"), "' is not a number from 0"));
    return kExitUsage;
  }
  auto name = ResolveDomain(context, argument);
  if (!name.ok()) {
    return FailDomain(context, absl::StrCat("Failed to attach to domain '", argument, "'"), argument, name.status());
  }
  return RunConsole(context, *name, choice);
}

}  // namespace

int RunConsole(Context& context, const std::string& domain, const ConsoleChoice& choice) {
  const std::string failure = absl::StrCat("Failed to attach to the console of domain '", LastPart(domain), "'");
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  auto stream = (*connection)->Start(methods::kAttachConsole);
  if (!stream.ok()) return context.Fail(failure, stream.status());
  v1::AttachConsoleRequest open;
  open.mutable_open()->set_domain(domain);
  open.mutable_open()->set_console(choice.console);
  open.mutable_open()->set_force(choice.force);
  open.mutable_open()->set_read_only(choice.read_only);
  open.mutable_open()->set_no_replay(choice.no_replay);
  (*stream)->Write(open);
  absl::Status status;
  std::string reason;
  {
    ConsoleSession session(&context, stream->get(), choice.read_only);
    status = session.Run();
    reason = session.close_reason();
  }  // the terminal is as it was from here on
  if (status.code() == absl::StatusCode::kCancelled && context.Interrupted()) return kExitInterrupted;
  if (!status.ok()) return FailDomain(context, failure, LastPart(domain), status);
  if (!context.options().quiet && ::isatty(STDIN_FILENO)) {
    context.output().PrintNote(reason.empty() ? "" : absl::StrCat("[", reason, "]"));
  }
  return kExitOk;
}

CommandGroup ConsoleCommands() {
  return {
      "Console",
      {{.name = "console",
        .summary = "attach to the console of a domain",
        .description =
            "Shows the last output first. Ctrl-] detaches. Without a terminal the standard input is sent to the guest "
            "up to its end, and the output is followed until the guest ends.",
        .examples = "reeve console web1\nreeve console web1 --force\nreeve console web1 --read-only </dev/null",
        .options =
            {
                Argument("domain", "DOMAIN", "name, UUID or id of the domain", Completion::kActiveDomain),
                Value("number", "NUMBER", "which console, from 0 (the default)"),
                Flag("force", "take the console over from another client"),
                Flag("read-only", "only look on"),
                Flag("no-replay", "don't show what the guest wrote before"),
            },
        .run = Console}}};
}

}  // namespace reeve::cli

#include "cli/event_command.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "cli/context.h"
#include "cli/domains.h"
#include "cli/event_format.h"
#include "cli/json.h"
#include "cli/units.h"
#include "client/watch.h"
#include "proto/status.h"
#include "util/errno.h"

namespace reeve::cli {
namespace {

constexpr absl::Duration kFirstRetry = absl::Milliseconds(100);
constexpr absl::Duration kLongestRetry = absl::Seconds(2);

// How the command prints and when it ends.
struct EventChoice {
  bool loop = false;
  bool timestamp = false;
  bool revision = false;
  bool until_current = false;
  absl::Time deadline = absl::InfiniteFuture();
};

enum class End { kDone, kInterrupted, kTimedOut };

// Prints what a watch brings.
class EventLoop {
 public:
  EventLoop(Context* context, client::Watch* watch, const EventChoice& choice)
      : context_(context), watch_(watch), choice_(choice) {}

  absl::StatusOr<End> Run() {
    while (true) {
      v1::WatchResponse response;
      const client::Taken taken = watch_->Take(&response);
      if (taken == client::Taken::kMessage) {
        Print(response);
        if (count_ > 0 && !choice_.loop && !choice_.until_current) return End::kDone;
        continue;
      }
      if (absl::Status status = context_->output().Flush(); !status.ok()) return status;
      if (taken == client::Taken::kEnded) {
        if (watch_->status().ok()) return End::kDone;
        auto end = Recover(watch_->status());
        if (!end.ok() || *end != End::kDone) return end;
        continue;
      }
      auto end = Wait(watch_->ready_fd(), choice_.deadline);
      if (!end.ok() || *end != End::kDone) return end;
    }
  }

  uint64_t count() const { return count_; }

 private:
  // Until `fd` is readable (kDone), Ctrl-C, or the time (kTimedOut).
  absl::StatusOr<End> Wait(int fd, absl::Time until) {
    pollfd polled[2] = {{fd, POLLIN, 0}, {context_->interrupt_fd(), POLLIN, 0}};
    while (true) {
      int milliseconds = -1;
      if (until < absl::InfiniteFuture()) {
        const int64_t left = absl::ToInt64Milliseconds(until - absl::Now()) + 1;
        if (left <= 0) return End::kTimedOut;
        milliseconds = static_cast<int>(std::min<int64_t>(left, 1'000'000));
      }
      const int ready = ::poll(polled, 2, milliseconds);
      if (ready < 0 && errno != EINTR) return util::ErrnoStatus("poll");
      if (context_->Interrupted()) return End::kInterrupted;
      if (ready > 0 && polled[0].revents != 0) return End::kDone;
    }
  }

  // With --loop the stream goes on when the daemon is back, without a gap. Other errors are final.
  absl::StatusOr<End> Recover(const absl::Status& cause) {
    const v1::Reason reason = ReasonOf(cause);
    const bool lost = client::IsConnectionLost(cause) || reason == v1::REASON_DAEMON_DRAINING;
    if (!choice_.loop || !(lost || reason == v1::REASON_RESYNC_REQUIRED)) return cause;
    if (!context_->options().quiet) context_->output().PrintNote(absl::StrCat("event stream lost: ", cause.message()));
    absl::Duration pause = kFirstRetry;
    while (true) {
      absl::Status status = watch_->Resume();
      if (status.ok()) break;
      if (status.code() != absl::StatusCode::kUnavailable) return status;
      auto end = Wait(-1, std::min(absl::Now() + pause, choice_.deadline));
      if (!end.ok() || *end == End::kInterrupted || absl::Now() >= choice_.deadline) return end;
      pause = std::min(pause * 2, kLongestRetry);
    }
    if (!context_->options().quiet) {
      context_->output().PrintNote(absl::StrCat("event stream continues behind revision ", watch_->revision()));
    }
    return End::kDone;
  }

  void Print(const v1::WatchResponse& response) {
    if (response.has_compacted()) {
      if (!context_->options().quiet && !context_->json()) {
        context_->output().PrintNote(
            absl::StrCat("the oldest revision that is kept is ", response.compacted().oldest_revision()));
      }
      if (!context_->json()) return;
    }
    count_ += static_cast<uint64_t>(response.events_size());
    if (context_->json()) {
      context_->output().Print(ToJsonLine(response));
      return;
    }
    for (const v1::Event& event : response.events()) {
      std::string line;
      if (choice_.revision && event.type() != v1::EVENT_TYPE_PRESENT) absl::StrAppend(&line, response.revision(), ": ");
      if (choice_.timestamp) absl::StrAppend(&line, TimeStamp(event.time()), ": ");
      context_->output().Print(absl::StrCat(line, EventLine(event), "\n"));
    }
  }

  Context* const context_;
  client::Watch* const watch_;
  const EventChoice choice_;
  uint64_t count_ = 0;
};

// The revision behind the newest: where a watch begins that wants no history.
absl::StatusOr<int64_t> NextRevision(Context& context, const std::string& hypervisor) {
  v1::ListDomainsRequest request;
  request.set_parent(hypervisor);
  request.set_page_size(1);
  auto page = context.Call(methods::kListDomains, std::move(request));
  if (!page.ok()) return page.status();
  return page->revision() + 1;
}

absl::StatusOr<v1::WatchRequest> MakeRequest(Context& context, const Arguments& arguments) {
  auto connection = context.Connect();
  if (!connection.ok()) return connection.status();
  v1::WatchRequest request;
  request.set_parent((*connection)->Hypervisor());
  if (arguments.Has("domain")) {
    auto name = ResolveDomain(context, arguments.Get("domain"));
    if (!name.ok()) return name.status();
    request.set_parent(*name);
  }
  request.set_view(v1::DOMAIN_VIEW_BASIC);
  for (const std::string& kind : arguments.All("event")) {
    for (const v1::EventType type : TypesOfKind(kind)) request.add_types(type);
  }
  if (request.types_size() > 0) request.add_types(v1::EVENT_TYPE_PRESENT);
  if (arguments.Has("from")) {
    int64_t revision = 0;
    if (!absl::SimpleAtoi(arguments.Get("from"), &revision) || revision < 0) {
      return absl::InvalidArgumentError(
          absl::StrCat("--from: '", arguments.Get("from"), "' is not a revision, a number from 0"));
    }
    request.set_start_revision(revision);
    request.set_until_current(!arguments.Has("loop"));
  } else {
    auto next = NextRevision(context, (*connection)->Hypervisor());
    if (!next.ok()) return next.status();
    request.set_start_revision(*next);
  }
  request.set_progress(arguments.Has("loop"));
  return request;
}

int Event(Context& context, const Arguments& arguments) {
  if (arguments.Has("list")) {
    context.output().Print("lifecycle\nreboot\nchange\n");
    return kExitOk;
  }
  EventChoice choice{.loop = arguments.Has("loop"),
                     .timestamp = arguments.Has("timestamp"),
                     .revision = arguments.Has("revision") || arguments.Has("from"),
                     .until_current = arguments.Has("from") && !arguments.Has("loop")};
  if (arguments.Has("timeout")) {
    auto timeout = ParseSeconds(arguments.Get("timeout"));
    if (!timeout.ok()) {
      context.output().PrintError(absl::StrCat("--timeout: ", timeout.status().message()));
      return kExitUsage;
    }
    choice.deadline = absl::Now() + *timeout;
  }
  const std::string failure = "Failed to watch for events";
  auto request = MakeRequest(context, arguments);
  if (!request.ok()) return FailDomain(context, failure, arguments.Get("domain"), request.status());
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  auto watch = client::Watch::Start(*connection, *request);
  if (!watch.ok()) return context.Fail(failure, watch.status());
  EventLoop loop(&context, watch->get(), choice);
  auto end = loop.Run();
  if (!end.ok()) return context.Fail(failure, end.status());
  if (!context.json() && !context.options().quiet) {
    if (*end == End::kInterrupted) context.output().Print("event loop interrupted\n");
    if (*end == End::kTimedOut) context.output().Print("event loop timed out\n");
    context.output().Print(absl::StrCat("events received: ", loop.count(), "\n"));
    if (choice.revision) context.output().Print(absl::StrCat("revision: ", (*watch)->revision(), "\n"));
    context.output().Print("\n");
  }
  if (*end == End::kDone || loop.count() > 0) return kExitOk;
  return *end == End::kInterrupted ? kExitInterrupted : kExitFailed;
}

}  // namespace

CommandGroup EventCommands() {
  Option domain = Argument("domain", "DOMAIN", "events of this domain only", Completion::kDomain);
  domain.required = false;
  return {
      "Events",
      {{.name = "event",
        .summary = "wait for events and print them",
        .description =
            "Ends with the first event; with --loop it goes on until Ctrl-C, also over a restart of the daemon, "
            "without a "
            "gap. With --from and without --loop it prints what has happened since and ends. Revisions tell where to "
            "go "
            "on: --from one more than the last one seen. Gives exit code 1 when the time passes without an event.",
        .examples =
            "reeve event --loop\nreeve event web1 --event lifecycle --timeout 10\nreeve event --from 0\nreeve -o json "
            "event --from 1201 --loop",
        .options =
            {
                domain,
                {.kind = Option::Kind::kValue,
                 .name = "event",
                 .value = "KIND",
                 .help = "lifecycle, reboot or change; default: all",
                 .repeated = true,
                 .completion = Completion::kWords,
                 .words = {"lifecycle", "reboot", "change"}},
                Flag("all", "all kinds (the default)"),
                Flag("loop", "go on until Ctrl-C or the timeout"),
                Value("timeout", "SECONDS", "end after so long"),
                Flag("timestamp", "print the time of each event"),
                Value("from", "REVISION", "begin at this revision; 0: with the present state"),
                Flag("revision", "print the revision of each event"),
                Flag("list", "print the kinds of events"),
            },
        .run = Event}}};
}

}  // namespace reeve::cli

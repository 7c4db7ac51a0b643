#include "cli/event_command.h"

#include <memory>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "cli/context.h"
#include "cli/domains.h"
#include "cli/event_format.h"
#include "cli/json.h"
#include "cli/units.h"
#include "client/reconnecting_watch.h"

namespace reeve::cli {
namespace {

// How the command prints and when it ends.
struct EventChoice {
  bool loop = false;
  bool timestamp = false;
  bool revision = false;
  bool until_current = false;
  absl::Duration timeout = absl::InfiniteDuration();
  absl::Duration patience = absl::ZeroDuration();
};

using Next = client::ReconnectingWatch::Next;

// Prints what a watch brings.
class EventLoop {
 public:
  EventLoop(Context* context, client::ReconnectingWatch* watch, const EventChoice& choice)
      : context_(context), watch_(watch), choice_(choice) {}

  absl::StatusOr<Next> Run() {
    const util::Clock& clock = util::Clock::Real();
    const absl::Duration end = clock.Monotonic() + choice_.timeout;
    while (true) {
      v1::WatchResponse response;
      const int64_t before = watch_->revision();
      // What there is already is printed in one go.
      auto next = watch_->Take(&response, absl::ZeroDuration());
      if (next.ok() && *next == Next::kTimedOut) {
        if (absl::Status status = context_->output().Flush(); !status.ok()) return status;
        next = watch_->Take(&response, end - clock.Monotonic());
      }
      if (!next.ok() || *next != Next::kMessage) return next;
      Print(response, before);
      if (count_ > 0 && !choice_.loop && !choice_.until_current) return Next::kEnded;
    }
  }

  uint64_t count() const { return count_; }

 private:
  // `before`: the revision that was seen before this message.
  void Print(const v1::WatchResponse& response, int64_t before) {
    if (response.has_compacted()) {
      if (!context_->options().quiet && !context_->json()) {
        const int64_t oldest = response.compacted().oldest_revision();
        context_->output().PrintNote(absl::StrCat("the events of revisions ", before + 1, " to ", oldest - 1,
                                                  " are lost: the daemon keeps them from ", oldest, " on"));
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
  client::ReconnectingWatch* const watch_;
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

client::ReconnectingWatch::Options OptionsOf(Context& context, const EventChoice& choice) {
  client::ReconnectingWatch::Options options{.patience = choice.patience};
  if (context.options().quiet) return options;
  options.on_lost = [&context](const absl::Status& cause) {
    context.output().PrintNote(absl::StrCat("event stream lost: ", cause.message()));
  };
  options.on_resumed = [&context](int64_t revision) {
    context.output().PrintNote(absl::StrCat("event stream continues behind revision ", revision));
  };
  return options;
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
    choice.timeout = *timeout;
  }
  if (choice.loop) choice.patience = absl::InfiniteDuration();
  if (arguments.Has("reconnect")) {
    auto patience = ParseSeconds(arguments.Get("reconnect"));
    if (!patience.ok()) {
      context.output().PrintError(absl::StrCat("--reconnect: ", patience.status().message()));
      return kExitUsage;
    }
    choice.patience = *patience;
  }
  const std::string failure = "Failed to watch for events";
  auto request = MakeRequest(context, arguments);
  if (!request.ok()) return FailDomain(context, failure, arguments.Get("domain"), request.status());
  auto connection = context.Connect();
  if (!connection.ok()) return context.Fail(failure, connection.status());
  auto watch = client::ReconnectingWatch::Start(*connection, *request, OptionsOf(context, choice),
                                                client::PollingWaiter(context.interrupt_fd()));
  if (!watch.ok()) return context.Fail(failure, watch.status());
  EventLoop loop(&context, watch->get(), choice);
  auto end = loop.Run();
  if (!end.ok()) return context.Fail(failure, end.status());
  if (!context.json() && !context.options().quiet) {
    if (*end == Next::kInterrupted) context.output().Print("event loop interrupted\n");
    if (*end == Next::kTimedOut) context.output().Print("event loop timed out\n");
    context.output().Print(absl::StrCat("events received: ", loop.count(), "\n"));
    if (choice.revision) context.output().Print(absl::StrCat("revision: ", (*watch)->revision(), "\n"));
    context.output().Print("\n");
  }
  if (*end == Next::kEnded || loop.count() > 0) return kExitOk;
  return *end == Next::kInterrupted ? kExitInterrupted : kExitFailed;
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
            "without a gap, but not when the daemon refuses. With --from and without --loop it prints what has "
            "happened since and ends. Revisions tell where to "
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
                Value("reconnect", "SECONDS",
                      "give up when a lost daemon has not come back for so long; default: never with --loop, at once "
                      "without"),
                Flag("timestamp", "print the time of each event"),
                Value("from", "REVISION", "begin at this revision; 0: with the present state"),
                Flag("revision", "print the revision of each event"),
                Flag("list", "print the kinds of events"),
            },
        .run = Event}}};
}

}  // namespace reeve::cli

#include "daemon/service.h"

#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "daemon/command_line.h"
#include "daemon/log_setup.h"
#include "daemon/notifier.h"
#include "util/clock.h"
#include "util/timers.h"
#include "util/version.h"

namespace reeve {
namespace {

// How often the service manager gets a new status text, if there is one.
constexpr absl::Duration kStatusInterval = absl::Seconds(5);

class Service {
 public:
  Service(const Paths& paths, ServiceOptions options, std::unique_ptr<Assembly> assembly)
      : paths_(paths), options_(std::move(options)), config_(options_.config), assembly_(std::move(assembly)) {}

  // Until it is asked to end.
  absl::Status Loop(Signals* signals) {
    const absl::Duration watchdog = Notifier::WatchdogTimeout();
    notifier_.Ready(assembly_->StatusText());
    assembly_->Autostart();
    // Starting up needed memory for once.
    malloc_trim(0);
    absl::Duration next_status = Now() + kStatusInterval;
    absl::Duration next_watchdog = watchdog == absl::InfiniteDuration() ? watchdog : Now();
    while (true) {
      if (Notifier::Wanted() && Now() >= next_status) {
        next_status = Now() + kStatusInterval;
        notifier_.Status(assembly_->StatusText());
      }
      if (Now() >= next_watchdog) {
        next_watchdog = Now() + watchdog / 2;
        ReportLiveness(watchdog / 4);
      }
      const absl::Duration next = Notifier::Wanted() ? std::min(next_status, next_watchdog) : absl::InfiniteDuration();
      const absl::StatusOr<std::optional<int>> signal = signals->Wait(next - Now());
      if (!signal.ok()) return signal.status();
      if (*signal == SIGHUP) Reload();
      if (*signal == SIGTERM || *signal == SIGINT) {
        util::LogInfo(**signal == SIGTERM ? "SIGTERM" : "SIGINT", ": ending, guests go on");
        return absl::OkStatus();
      }
    }
  }

  // Does not return when calls hang.
  void End() {
    notifier_.Stopping();
    const absl::Duration timeout = absl::Seconds(config_.daemon.drain_seconds);
    // A driver call that hangs must not keep the process for ever: nothing that matters is only in memory.
    const std::unique_ptr<util::Timers> timers = util::MakeTimers();
    timers->After(timeout + options_.end_grace, [] {
      util::LogError("calls still hang at the end; leaving them");
      _exit(kExitSoftware);
    });
    const absl::Status status = assembly_->End(timeout);
    if (!status.ok()) {
      util::LogError("ending: ", status.message());
      _exit(kExitSoftware);
    }
    assembly_.reset();
  }

 private:
  static absl::Duration Now() { return util::Clock::Real().Monotonic(); }

  void ReportLiveness(absl::Duration timeout) {
    const absl::Status alive = assembly_->CheckLiveness(std::min(timeout, absl::Seconds(5)));
    if (alive.ok()) {
      notifier_.Watchdog();
    } else {
      util::LogError("not alive, the watchdog is not told: ", alive.message());
    }
  }

  void Reload() {
    util::LogInfo("SIGHUP: reading the configuration again");
    notifier_.Reloading(Now());
    const ParsedConfig parsed = options_.load();
    if (parsed.problems.empty()) {
      Apply(parsed.config);
    } else {
      for (const std::string& problem : parsed.problems) util::LogError(problem);
      util::LogError("the configuration is wrong and not taken; the present one stays");
    }
    notifier_.Ready(assembly_->StatusText());
  }

  void Apply(const Config& wanted) {
    std::vector<std::string> live;
    for (const std::string& key : ChangedKeys(config_, wanted)) {
      if (IsLive(key)) {
        live.push_back(key);
      } else {
        util::LogWarn(key, " has changed and takes effect with the next start");
      }
    }
    const absl::Status log = SetUpLog(wanted.log, options_.log_level.value_or(LevelOf(wanted.log.level)), paths_);
    if (!log.ok()) {
      util::LogError(log.message(), "; the configuration is not taken, the present one stays");
      return;
    }
    config_ = WithLiveKeys(std::move(config_), wanted);
    assembly_->Apply(config_);
    util::LogInfo("configuration taken",
                  live.empty() ? ", nothing live has changed" : ", changed: ", absl::StrJoin(live, ", "));
  }

  const Paths& paths_;
  const ServiceOptions options_;
  Config config_;
  std::unique_ptr<Assembly> assembly_;
  Notifier notifier_;
};

}  // namespace

int RunService(const Paths& paths, ServiceOptions options, Signals* signals) {
  const absl::Duration started = util::Clock::Real().Monotonic();
  util::LogInfo("reeved ", util::kVersion, " starts, pid ", getpid(), ", root ",
                paths.root().empty() ? "/" : paths.root());
  absl::StatusOr<std::unique_ptr<Assembly>> assembly = options.assemble();
  if (!assembly.ok()) {
    util::LogError("start: ", assembly.status().message());
    return absl::IsInternal(assembly.status()) ? kExitSoftware : kExitCannotCreate;
  }
  Service service(paths, std::move(options), *std::move(assembly));
  util::LogInfo("ready after ", absl::FormatDuration(util::Clock::Real().Monotonic() - started));
  absl::Status status = service.Loop(signals);
  if (!status.ok()) util::LogError(status.message());
  service.End();
  util::LogInfo("ended");
  return status.ok() ? kExitOk : kExitSoftware;
}

}  // namespace reeve

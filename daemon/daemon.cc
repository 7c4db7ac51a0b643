#include "daemon/daemon.h"

#include <malloc.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "daemon/command_line.h"
#include "daemon/config.h"
#include "daemon/instance_lock.h"
#include "daemon/listen_fds.h"
#include "daemon/log_setup.h"
#include "daemon/paths.h"
#include "daemon/real_assembly.h"
#include "daemon/service.h"
#include "daemon/signals.h"
#include "util/errno.h"
#include "util/log.h"

namespace reeve {
namespace {

void PrintError(absl::string_view message) {
  absl::FPrintF(stderr, "reeved: %s\n", message);
}

int Fail(ExitCode code, const absl::Status& status) {
  util::LogError(status.message());
  return code;
}

// A daemon that mostly waits shall be small: without this every thread would get a heap of its own (mallopt(3)).
void KeepMemorySmall() {
  (void)mallopt(M_ARENA_MAX, 2);
  (void)mallopt(M_TRIM_THRESHOLD, 256 * 1024);
  (void)mallopt(M_MMAP_THRESHOLD, 256 * 1024);
}

// abseil as Debian builds it looks for circles of waiting threads at each lock, which is for finding faults.
void TakeLocksFast() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

// Two descriptors a client; the soft limit is low for the sake of select(2), which is not used here.
absl::Status RaiseFileLimit() {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return util::ErrnoStatus("read the limit of open files");
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return util::ErrnoStatus("raise the limit of open files");
  return absl::OkStatus();
}

std::string ConfigFile(const CommandLine& command_line, const Paths& paths) {
  return command_line.config_file.empty() ? paths.config_file() : command_line.config_file;
}

ParsedConfig LoadConfig(const CommandLine& command_line, const Paths& paths) {
  const std::string file = ConfigFile(command_line, paths);
  ParsedConfig parsed = ReadConfig(file);
  // Without a file there are the defaults, but not if it was named.
  if (!command_line.config_file.empty() && access(file.c_str(), F_OK) != 0) {
    parsed.problems.push_back(absl::StrCat(file, ": there is no such file"));
  }
  return parsed;
}

int Serve(const CommandLine& command_line, const Paths& paths, const ParsedConfig& parsed) {
  umask(0077);
  absl::StatusOr<Signals> signals = Signals::Block();
  if (!signals.ok()) return Fail(kExitOsError, signals.status());
  absl::StatusOr<std::vector<PassedSocket>> passed = TakePassedSockets();
  if (!passed.ok()) return Fail(kExitOsError, passed.status());
  if (absl::Status status = RaiseFileLimit(); !status.ok()) return Fail(kExitOsError, status);
  if (absl::Status status = paths.MakeDirectories(); !status.ok()) return Fail(kExitCannotCreate, status);
  absl::StatusOr<InstanceLock> lock = InstanceLock::Acquire(paths.lock_file());
  if (absl::IsAlreadyExists(lock.status())) return Fail(kExitRunsAlready, lock.status());
  if (!lock.ok()) return Fail(kExitCannotCreate, lock.status());

  const util::LogLevel level = command_line.log_level.value_or(LevelOf(parsed.config.log.level));
  if (absl::Status status = SetUpLog(parsed.config.log, level, paths); !status.ok()) {
    return Fail(kExitCannotCreate, status);
  }
  SetUpLibraryLogs();

  const auto assemble = [&] {
    return Assemble(paths, {.config = parsed.config,
                            .group_given = parsed.given.contains("listen.group"),
                            .passed = *std::move(passed),
                            .start_time = absl::Now()});
  };
  const auto load = [&] { return LoadConfig(command_line, paths); };
  return RunService(paths,
                    {.config = parsed.config, .log_level = command_line.log_level, .assemble = assemble, .load = load},
                    &*signals);
}

}  // namespace

int Daemon::Run(int argc, const char* const* argv) {
  KeepMemorySmall();
  TakeLocksFast();
  CommandLineResult parsed_line = ParseCommandLine(argc, argv);
  if (!parsed_line.command_line) {
    fputs(parsed_line.output.c_str(), parsed_line.exit_code == kExitOk ? stdout : stderr);
    return parsed_line.exit_code;
  }
  const CommandLine& command_line = *parsed_line.command_line;
  const absl::StatusOr<Paths> paths = Paths::Create(command_line.root);
  if (!paths.ok()) {
    PrintError(paths.status().message());
    return kExitUsage;
  }
  const ParsedConfig parsed = LoadConfig(command_line, *paths);
  for (const std::string& problem : parsed.problems) PrintError(problem);
  if (!parsed.problems.empty()) return kExitConfiguration;

  switch (command_line.action) {
    case CommandLine::Action::kCheckConfig:
      absl::PrintF("%s: sound\n", ConfigFile(command_line, *paths));
      return kExitOk;
    case CommandLine::Action::kPrintConfig:
      absl::PrintF("%s", ConfigText(parsed.config));
      return kExitOk;
    case CommandLine::Action::kServe:
      break;
  }
  return Serve(command_line, *paths, parsed);
}

}  // namespace reeve

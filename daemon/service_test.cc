#include "daemon/service.h"

#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <future>
#include <mutex>
#include <string>
#include <vector>

#include "daemon/command_line.h"
#include "daemon/fake_service_manager.h"
#include "daemon/temporary_directory.h"

namespace reeve {
namespace {

struct Record {
  std::atomic<bool> alive = true;
  std::atomic<bool> autostarted = false;
  std::atomic<bool> destroyed = false;
  std::atomic<int64_t> ended_seconds = -1;
  std::atomic<int64_t> clients = -1;  // of the last configuration applied
};

class FakeAssembly final : public Assembly {
 public:
  explicit FakeAssembly(Record* record) : record_(*record) {}
  ~FakeAssembly() override { record_.destroyed = true; }
  void Autostart() override { record_.autostarted = true; }
  std::string StatusText() const override { return "1 domain, 0 running, 0 clients"; }
  absl::Status CheckLiveness(absl::Duration) const override {
    return record_.alive ? absl::OkStatus() : absl::DeadlineExceededError("nobody answers");
  }
  void Apply(const Config& config) override { record_.clients = config.limits.clients; }
  absl::Status End(absl::Duration timeout) override {
    record_.ended_seconds = absl::ToInt64Seconds(timeout);
    return absl::OkStatus();
  }

 private:
  Record& record_;
};

class MemorySink final : public util::LogSink {
 public:
  void Write(util::LogLevel, absl::string_view line) override {
    const std::lock_guard<std::mutex> lock(mutex_);
    lines_ += std::string(line) + "\n";
  }
  std::string lines() {
    const std::lock_guard<std::mutex> lock(mutex_);
    return lines_;
  }

 private:
  std::mutex mutex_;
  std::string lines_;
};

// Runs the service in a thread of this process, which signals itself.
struct Fixture {
  Fixture() : paths(*Paths::Create(directory.path())), signals(*Signals::Block()) {
    // A reload opens the log: a file here.
    loaded.config.log = {.level = "info", .target = "file", .file = "/reeved.log"};
    options.config = loaded.config;
    options.assemble = [this]() -> absl::StatusOr<std::unique_ptr<Assembly>> {
      return std::make_unique<FakeAssembly>(&record);
    };
    options.load = [this] { return loaded; };
    util::SetLogSink(sink);
  }
  ~Fixture() {
    util::SetLogSink(nullptr);
    util::SetLogLevel(util::LogLevel::kInfo);
  }
  void Start() {
    exit_code = std::async(std::launch::async, [this] { return RunService(paths, options, &signals); });
  }
  void AwaitReady() { REQUIRE(manager.Await() == "READY=1\nSTATUS=1 domain, 0 running, 0 clients"); }
  // Sends SIGHUP and waits until it has been dealt with.
  void Reload() {
    REQUIRE(kill(getpid(), SIGHUP) == 0);
    REQUIRE_THAT(manager.Await(), Catch::StartsWith("RELOADING=1\nMONOTONIC_USEC="));
    AwaitReady();
  }
  int Terminate(int signal = SIGTERM) {
    REQUIRE(kill(getpid(), signal) == 0);
    return exit_code.get();
  }
  std::string Log() const {
    std::string text = sink->lines();
    std::ifstream file(directory.Below("reeved.log"));
    for (std::string line; std::getline(file, line);) text += line + "\n";
    return text;
  }

  TemporaryDirectory directory;
  FakeServiceManager manager;
  const Paths paths;
  Signals signals;
  Record record;
  std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
  ParsedConfig loaded;
  ServiceOptions options;
  std::future<int> exit_code;
};

TEST_CASE_METHOD(Fixture, "it is ready, starts domains, and ends as asked") {
  const int signal = GENERATE(SIGTERM, SIGINT);
  options.config.daemon.drain_seconds = 17;
  Start();
  AwaitReady();
  CHECK(Terminate(signal) == kExitOk);
  CHECK(manager.Next() == "STOPPING=1\nSTATUS=ending, guests go on");
  CHECK(record.autostarted);
  CHECK(record.ended_seconds == 17);
  CHECK(record.destroyed);
}

TEST_CASE_METHOD(Fixture, "a start that fails is never ready") {
  options.assemble = [] { return absl::UnavailableError("open the state: disk full"); };
  CHECK(RunService(paths, options, &signals) == kExitCannotCreate);
  options.assemble = [] { return absl::InternalError("start the server: a fault"); };
  CHECK(RunService(paths, options, &signals) == kExitSoftware);
  CHECK(manager.Next().empty());
  CHECK_THAT(Log(), Catch::Contains("start: open the state: disk full"));
}

TEST_CASE_METHOD(Fixture, "SIGHUP takes what is live and tells of what is not") {
  Start();
  AwaitReady();
  loaded.config.log.level = "debug";
  loaded.config.limits.clients = 1;
  loaded.config.limits.message_bytes = 100'000;
  Reload();
  CHECK(record.clients == 1);
  CHECK(util::GetLogLevel() == util::LogLevel::kDebug);
  CHECK_THAT(Log(), Catch::Contains("limits.message_bytes has changed and takes effect with the next start"));
  CHECK_THAT(Log(), Catch::Contains("configuration taken, changed: limits.clients, log.level"));
  CHECK(Terminate() == kExitOk);
}

TEST_CASE_METHOD(Fixture, "a wrong configuration is told and not taken") {
  Start();
  AwaitReady();
  loaded.config.log.level = "debug";
  loaded.problems = {"reeved.toml:3:1: limits.x: unknown key"};
  Reload();
  CHECK(record.clients == -1);
  CHECK(util::GetLogLevel() == util::LogLevel::kInfo);
  CHECK_THAT(Log(), Catch::Contains("reeved.toml:3:1: limits.x: unknown key"));
  CHECK_THAT(Log(), Catch::Contains("the present one stays"));
  loaded.problems.clear();
  Reload();
  CHECK(util::GetLogLevel() == util::LogLevel::kDebug);
  CHECK(Terminate() == kExitOk);
}

TEST_CASE_METHOD(Fixture, "a log file that cannot be opened leaves everything as it was") {
  Start();
  AwaitReady();
  loaded.config.log = {.level = "debug", .target = "file", .file = "/none/at/all.log"};
  REQUIRE(mkdir(directory.Below("none").c_str(), 0700) == 0);
  REQUIRE(mkdir(directory.Below("none/at").c_str(), 0700) == 0);
  REQUIRE(mkdir(directory.Below("none/at/all.log").c_str(), 0700) == 0);
  Reload();
  CHECK(util::GetLogLevel() == util::LogLevel::kInfo);
  CHECK_THAT(Log(), Catch::Contains("the present one stays"));
  CHECK(Terminate() == kExitOk);
}

TEST_CASE_METHOD(Fixture, "the log level of the command line goes before that of the file") {
  options.log_level = util::LogLevel::kError;
  Start();
  AwaitReady();
  loaded.config.log.level = "debug";
  Reload();
  CHECK(util::GetLogLevel() == util::LogLevel::kError);
  CHECK(Terminate() == kExitOk);
}

TEST_CASE_METHOD(Fixture, "the watchdog hears of the daemon only while it answers") {
  setenv("WATCHDOG_USEC", "40000", 1);
  Start();
  AwaitReady();
  CHECK(manager.Await() == "WATCHDOG=1");
  CHECK(manager.Await() == "WATCHDOG=1");
  record.alive = false;
  // What was on its way may come, then the log tells of a check that failed, and nothing comes.
  while (Log().find("not alive, the watchdog is not told: nobody answers") == std::string::npos) {
  }
  while (!manager.Next().empty()) {
  }
  Reload();
  CHECK(Terminate() == kExitOk);
  CHECK(manager.Next() == "STOPPING=1\nSTATUS=ending, guests go on");
  unsetenv("WATCHDOG_USEC");
}

}  // namespace
}  // namespace reeve

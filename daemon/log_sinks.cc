#include "daemon/log_sinks.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/sinks/systemd_sink.h>
#include <unistd.h>

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"

namespace reeve {
namespace {

// systemd-journald.service(8).
constexpr char kJournalSocket[] = "/run/systemd/journal/socket";

spdlog::level::level_enum SpdlogLevel(util::LogLevel level) {
  switch (level) {
    case util::LogLevel::kTrace:
      return spdlog::level::trace;
    case util::LogLevel::kDebug:
      return spdlog::level::debug;
    case util::LogLevel::kInfo:
      return spdlog::level::info;
    case util::LogLevel::kWarn:
      return spdlog::level::warn;
    case util::LogLevel::kError:
      return spdlog::level::err;
    case util::LogLevel::kOff:
      break;
  }
  return spdlog::level::off;
}

// The threshold is util's matter: here everything is written, and at once. A line that cannot be written is reported on
// stderr by spdlog, once a second at most.
class SpdlogSink final : public util::LogSink {
 public:
  explicit SpdlogSink(spdlog::sink_ptr sink) : logger_("reeved", std::move(sink)) {
    logger_.set_level(spdlog::level::trace);
    logger_.flush_on(spdlog::level::trace);
    logger_.set_pattern("%Y-%m-%dT%H:%M:%S.%e%z %l %v");
  }
  void Write(util::LogLevel level, absl::string_view line) override {
    logger_.log(SpdlogLevel(level), spdlog::string_view_t(line.data(), line.size()));
  }

 private:
  spdlog::logger logger_;
};

}  // namespace

absl::StatusOr<std::shared_ptr<util::LogSink>> OpenJournalSink() {
  if (access(kJournalSocket, W_OK) != 0) {
    return absl::UnavailableError(absl::StrCat("there is no journal: ", kJournalSocket, " cannot be written to"));
  }
  return std::make_shared<SpdlogSink>(std::make_shared<spdlog::sinks::systemd_sink_mt>("reeved"));
}

std::shared_ptr<util::LogSink> OpenStderrSink() {
  return std::make_shared<SpdlogSink>(std::make_shared<spdlog::sinks::stderr_sink_mt>());
}

absl::StatusOr<std::shared_ptr<util::LogSink>> OpenFileSink(const std::string& path) {
  try {
    return std::make_shared<SpdlogSink>(std::make_shared<spdlog::sinks::basic_file_sink_mt>(path));
  } catch (const spdlog::spdlog_ex& error) {
    return absl::UnavailableError(absl::StrCat("open log file ", path, ": ", error.what()));
  }
}

}  // namespace reeve
